"""Queues a dead task again."""

from dataclasses import dataclass

from tally.kernel.identity import Sites
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class RequeueTask:
    """Queues a dead task again, with all its attempts."""

    begin: Begin
    changes: Changes

    async def __call__(self, task_id: str, sites: Sites) -> Task:
        """The task, queued.

        Raises:
            TaskNotFound: There is no such task at these sites.
            TaskNotDead: It is not dead.
        """
        async with self.begin() as work:
            task = await work.tasks.get(task_id, lock=True)
            task.require_at(sites)
            task = task.requeue()
            await work.tasks.put(task)
            await work.offer(task)
        self.changes.notify()
        return task
