"""Cancels a task."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Cancels a task; whoever runs it hears of it with its next report."""

    begin: Begin
    clock: Clock
    changes: Changes

    async def __call__(self, task_id: str, sites: Sites) -> Task:
        """The cancelled task.

        Raises:
            TaskNotFound: There is no such task at these sites.
            TaskOver: It is done, or dead.
        """
        async with self.begin() as work:
            task = await work.tasks.get(task_id, lock=True)
            task.require_at(sites)
            task = task.cancel(self.clock())
            await work.tasks.put(task)
        self.changes.notify()
        return task
