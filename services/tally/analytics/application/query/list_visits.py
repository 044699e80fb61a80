"""Lists single visits to zones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tally.analytics.application.query.positions import read_position
from tally.analytics.domain.model import StoredVisit, VisitKind
from tally.analytics.domain.ports import VisitsReader
from tally.kernel.identity import Sites
from tally.kernel.paging import page_token

DEFAULT_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Some of the visits.

    Attributes:
        visits: In order of time.
        next_page_token: Asks for those that follow; empty if none do.
    """

    visits: Sequence[StoredVisit]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListVisits:
    """Lists what happened in one camera's zones by time, a page at a time."""

    reader: VisitsReader

    async def __call__(
        self,
        camera_id: str,
        sites: Sites,
        start: datetime | None = None,
        end: datetime | None = None,
        zone: str = "",
        kind: VisitKind | None = None,
        page_size: int = 0,
        token: str = "",
    ) -> VisitPage:
        """One page.

        Args:
            camera_id: The camera.
            sites: Where the caller may ask what was counted.
            start: Where the range begins; None: with the first visit.
            end: Where it ends, not itself part of it; None: with the last visit.
            zone: Name of the zone; empty means all.
            kind: Of this kind only; None means all.
            page_size: At most so many visits; 0 means 100.
            token: `next_page_token` of the page before; empty for the first page.

        Raises:
            InvalidInput: The token is none of this query's.
        """
        query = ("visits", camera_id, str(start), str(end), zone, str(kind))
        size = page_size or DEFAULT_PAGE_SIZE
        after = read_position(token, query)
        found = await self.reader.visits(camera_id, start, end, zone, kind, after, size + 1, sites)
        shown = found[:size]
        if len(found) == len(shown):
            return VisitPage(shown, "")
        last = shown[-1].visit
        return VisitPage(shown, page_token(query, [last.time.isoformat(), last.id]))
