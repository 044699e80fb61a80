"""Sums where in a camera's picture objects were."""

from collections.abc import Mapping
from dataclasses import dataclass

from tally.analytics.domain.ports import CountsReader
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class QueryHeatMap:
    """Sums where in one camera's picture objects were, and for how long."""

    reader: CountsReader

    async def __call__(self, camera_id: str, span: TimeSpan, sites: Sites) -> Mapping[int, int]:
        """Milliseconds by cell of the grid; cells where nobody was are missing.

        Args:
            camera_id: The camera.
            span: What is asked about. Times are told a minute at a time, so that its ends are right to a minute.
            sites: Where the caller may ask what was counted.
        """
        return await self.reader.heat(camera_id, span, sites)
