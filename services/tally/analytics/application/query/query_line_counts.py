"""Sums crossings."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.analytics.application.query.limit import (
    MAX_ROWS,
    require_answerable,
    require_few_spans,
)
from tally.analytics.domain.model import Granularity, LineCount
from tally.analytics.domain.ports import CountsReader
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class QueryLineCounts:
    """Sums crossings by camera, line and time."""

    reader: CountsReader

    async def __call__(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        sites: Sites,
        object_classes: Sequence[str] = (),
    ) -> Sequence[LineCount]:
        """The sums, over all hours, days, weeks or months that `span` touches.

        Args:
            camera_ids: The cameras; empty means all.
            span: What is asked about.
            granularity: How finely to sum, by the clocks of each camera's site.
            sites: Where the caller may ask what was counted.
            object_classes: What to count; empty means everything.

        Raises:
            InvalidInput: The answer would, or might, be too long.
        """
        require_few_spans(span, granularity)
        counts = await self.reader.line_counts(
            camera_ids, span, granularity, MAX_ROWS + 1, sites, object_classes
        )
        require_answerable(counts)
        return counts
