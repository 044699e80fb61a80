"""Lists workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.kernel.paging import page_token, read_page_token
from tally.worker.application.loads import present_loads
from tally.worker.domain.model import Worker
from tally.worker.domain.ports import Begin

DEFAULT_PAGE_SIZE = 50
_QUERY = ("workers", "id")
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class WorkerPage:
    """Some of the workers.

    Attributes:
        workers: By id.
        loads: The part of its time that its cameras take, of each that lives, by id.
        next_page_token: Asks for those that follow; empty if none do.
    """

    workers: Sequence[Worker]
    loads: Mapping[str, float]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListWorkers:
    """Lists workers by id, a page at a time."""

    begin: Begin
    clock: Clock

    async def __call__(self, page_size: int = 0, token: str = "") -> WorkerPage:
        """One page.

        Args:
            page_size: At most so many workers; 0 means 50.
            token: `next_page_token` of the page before; empty for the first page.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        (after,) = read_page_token(token, _QUERY, key_length=1) if token else (_BEFORE_ALL,)
        async with self.begin() as work:
            found = await work.workers.page(after, size + 1)
            loads = await present_loads(work, self.clock())
        shown = found[:size]
        if len(found) == len(shown):
            return WorkerPage(shown, loads, "")
        return WorkerPage(shown, loads, page_token(_QUERY, [shown[-1].id]))
