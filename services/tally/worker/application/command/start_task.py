"""Begins a run of a task."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class StartTask:
    """Begins a run of a task; whoever ran it before is no longer believed."""

    begin: Begin
    clock: Clock
    changes: Changes

    async def __call__(self, task_id: str, worker: str) -> Task:
        """The task as it is then: over if there is nothing left to do.

        Raises:
            TaskNotFound: There is no such task.
        """
        async with self.begin() as work:
            task = (await work.tasks.get(task_id, lock=True)).start(worker, self.clock())
            await work.tasks.put(task)
        self.changes.notify()
        return task
