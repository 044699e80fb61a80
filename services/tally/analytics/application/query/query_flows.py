"""Sums the ways that tracks took from line to line."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.analytics.domain.model import Flow
from tally.analytics.domain.ports import CountsReader
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class QueryFlows:
    """Sums the ways that tracks of one camera took from line to line (origin and destination)."""

    reader: CountsReader

    async def __call__(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Flow]:
        """The sums, by previous line and line.

        Args:
            camera_id: The camera.
            span: What is asked about, to the microsecond.
            sites: Where the caller may ask what was counted.
        """
        return await self.reader.flows(camera_id, span, sites)
