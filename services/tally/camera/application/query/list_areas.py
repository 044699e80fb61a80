"""Lists areas."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tally.camera.domain.area import Area
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import invalid_page_token, page_token, read_page_token

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class AreaPage:
    """Some of the areas.

    Attributes:
        areas: In order of name.
        next_page_token: Asks for those that follow; empty if none do.
    """

    areas: Sequence[Area]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAreas(Query[AreaPage]):
    """Lists areas by name, a page at a time.

    Attributes:
        site_id: The site whose areas; empty: of all.
        page_size: At most so many areas; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: The sites where the caller may see cameras.
    """

    site_id: str = ""
    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_areas(query: ListAreas, work: UnitOfWork) -> AreaPage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    size = query.page_size or DEFAULT_PAGE_SIZE
    bound = ("areas", query.site_id)
    after = _place(query.token, bound) if query.token else None
    found = await work.areas.page(query.site_id, after, size + 1, query.sites)
    shown = found[:size]
    if len(found) == len(shown):
        return AreaPage(shown, "")
    return AreaPage(shown, page_token(bound, (shown[-1].spec.name, shown[-1].id)))


def _place(token: str, bound: Sequence[str]) -> tuple[str, str]:
    name, id_ = read_page_token(token, bound, key_length=2)
    try:
        UUID(id_)
    except ValueError:
        raise invalid_page_token() from None
    return name, id_
