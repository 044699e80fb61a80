"""Lists single crossings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tally.analytics.application.query.positions import read_position
from tally.analytics.domain.model import StoredCrossing
from tally.analytics.domain.ports import CountsReader
from tally.kernel.identity import Sites
from tally.kernel.paging import page_token

DEFAULT_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class CrossingPage:
    """Some of the crossings.

    Attributes:
        crossings: In order of time.
        next_page_token: Asks for those that follow; empty if none do.
    """

    crossings: Sequence[StoredCrossing]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListCrossings:
    """Lists the crossings of one camera by time, a page at a time."""

    reader: CountsReader

    async def __call__(
        self,
        camera_id: str,
        sites: Sites,
        start: datetime | None = None,
        end: datetime | None = None,
        line: str = "",
        page_size: int = 0,
        token: str = "",
    ) -> CrossingPage:
        """One page.

        Args:
            camera_id: The camera.
            sites: Where the caller may ask what was counted.
            start: Where the range begins; None: with the first crossing.
            end: Where it ends, not itself part of it; None: with the last crossing.
            line: Name of the line; empty means all.
            page_size: At most so many crossings; 0 means 100.
            token: `next_page_token` of the page before; empty for the first page.

        Raises:
            InvalidInput: The token is none of this query's.
        """
        query = ("crossings", camera_id, str(start), str(end), line)
        size = page_size or DEFAULT_PAGE_SIZE
        found = await self.reader.crossings(
            camera_id,
            start,
            end,
            line,
            read_position(token, query),
            size + 1,
            sites,
        )
        shown = found[:size]
        if len(found) == len(shown):
            return CrossingPage(shown, "")
        last = shown[-1].crossing
        return CrossingPage(shown, page_token(query, [last.time.isoformat(), last.id]))
