"""Tells how long people stayed in zones."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.analytics.domain.model import Dwells
from tally.analytics.domain.ports import VisitsReader
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class QueryDwells:
    """Tells how long those stayed who left a camera's zones in a span of time."""

    reader: VisitsReader

    async def __call__(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Dwells]:
        """By zone; zones that nobody left in the span are missing."""
        return await self.reader.dwells(camera_id, span, sites)
