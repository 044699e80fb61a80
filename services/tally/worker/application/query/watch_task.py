"""Follows a task."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tally.kernel.identity import Sites
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task

REFRESH_S = 5.0
"""Changes made by another replica are noticed after this long at the latest."""


@dataclass(frozen=True, slots=True)
class WatchTask:
    """Follows a task until it is over: at once, after each change, and every few seconds.

    Attributes:
        begin: Opens transactions.
        changes: Wakes.
        refresh_s: Seconds after which it is shown again.
    """

    begin: Begin
    changes: Changes
    refresh_s: float = REFRESH_S

    async def __call__(self, task_id: str, sites: Sites) -> AsyncIterator[Task]:
        """Yields the task as it is.

        Raises:
            TaskNotFound: There is no such task at these sites.
        """
        shown: Task | None = None
        while True:
            changed = self.changes.next()
            async with self.begin() as work:
                task = await work.tasks.get(task_id)
            task.require_at(sites)
            if task != shown:
                yield task
            shown = task
            if task.over:
                return
            try:
                async with asyncio.timeout(self.refresh_s):
                    await changed.wait()
            except TimeoutError:
                shown = None
