"""Lists sites."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.site import Site
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import page_token, read_page_token

DEFAULT_PAGE_SIZE = 50
_LIST = ("sites", "name")


@dataclass(frozen=True, slots=True)
class SitePage:
    """Some of the sites.

    Attributes:
        sites: In order of name.
        next_page_token: Asks for those that follow; empty if none do.
    """

    sites: Sequence[Site]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSites(Query[SitePage]):
    """Lists sites by name, a page at a time.

    Attributes:
        page_size: At most so many sites; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: The sites where the caller may see cameras.
    """

    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_sites(query: ListSites, work: UnitOfWork) -> SitePage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    size = query.page_size or DEFAULT_PAGE_SIZE
    (after,) = read_page_token(query.token, _LIST, key_length=1) if query.token else ("",)
    found = await work.sites.page(after, size + 1, query.sites)
    shown = found[:size]
    more = len(found) > len(shown)
    return SitePage(shown, page_token(_LIST, (shown[-1].spec.name,)) if more else "")
