"""Lists tasks."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.kernel.paging import page_token, read_page_token
from tally.worker.domain.ports import Begin, TaskFilter
from tally.worker.domain.tasks import Task

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some of the tasks.

    Attributes:
        tasks: The newest first.
        next_page_token: Asks for those that follow; empty if none do.
    """

    tasks: Sequence[Task]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListTasks:
    """Lists tasks, the newest first, a page at a time."""

    begin: Begin

    async def __call__(self, wanted: TaskFilter, page_size: int = 0, token: str = "") -> TaskPage:
        """One page.

        Args:
            wanted: Which tasks.
            page_size: At most so many tasks; 0 means 50.
            token: `next_page_token` of the page before; empty for the first page.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        query = (
            "tasks",
            wanted.state.value if wanted.state else "",
            wanted.kind.value if wanted.kind else "",
        )
        (before,) = read_page_token(token, query, key_length=1) if token else ("",)
        async with self.begin() as work:
            found = await work.tasks.page(wanted, before, size + 1)
        shown = found[:size]
        if len(found) == len(shown):
            return TaskPage(shown, "")
        return TaskPage(shown, page_token(query, [shown[-1].id]))
