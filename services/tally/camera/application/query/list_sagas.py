"""Lists sagas."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.application.saga.provisioning import KIND
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import page_token, read_page_token
from tally.kernel.saga import Saga, SagaState

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SagaPage:
    """Some of the sagas.

    Attributes:
        sagas: Newest first.
        next_page_token: Asks for those that follow; empty if none do.
    """

    sagas: Sequence[Saga]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSagas(Query[SagaPage]):
    """Lists sagas, newest first, a page at a time.

    Attributes:
        state: In this state; None: in any.
        page_size: At most so many; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: Where the caller may see cameras.
    """

    state: SagaState | None = None
    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_sagas(query: ListSagas, work: UnitOfWork) -> SagaPage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    listed = ("sagas", query.state.value if query.state else "")
    size = query.page_size or DEFAULT_PAGE_SIZE
    (after,) = read_page_token(query.token, listed, key_length=1) if query.token else ("",)
    found = await work.sagas.page(KIND, query.state, after, size + 1, query.sites)
    shown = found[:size]
    more = len(found) > len(shown)
    return SagaPage(shown, page_token(listed, (shown[-1].id,)) if more else "")
