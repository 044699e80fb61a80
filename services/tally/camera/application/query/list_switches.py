"""Lists switches."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.model_switch import ModelSwitch
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import page_token, read_page_token

DEFAULT_PAGE_SIZE = 50
_LISTED = ("model_switches",)


@dataclass(frozen=True, slots=True)
class SwitchPage:
    """Some of the switches.

    Attributes:
        switches: Newest first.
        next_page_token: Asks for those that follow; empty if none do.
    """

    switches: Sequence[ModelSwitch]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSwitches(Query[SwitchPage]):
    """Lists switches, newest first, a page at a time.

    Attributes:
        page_size: At most so many; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: Where the caller may see cameras.
    """

    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_switches(query: ListSwitches, work: UnitOfWork) -> SwitchPage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    size = query.page_size or DEFAULT_PAGE_SIZE
    (after,) = read_page_token(query.token, _LISTED, key_length=1) if query.token else ("",)
    found = await work.model_switches.page(after, size + 1, query.sites)
    shown = [switch.seen_at(query.sites) for switch in found[:size]]
    more = len(found) > len(shown)
    return SwitchPage(shown, page_token(_LISTED, (shown[-1].id,)) if more else "")
