"""Shows a task."""

from dataclasses import dataclass

from tally.kernel.identity import Sites
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class GetTask:
    """Shows one task."""

    begin: Begin

    async def __call__(self, task_id: str, sites: Sites) -> Task:
        """The task.

        Raises:
            TaskNotFound: There is no such task at these sites.
        """
        async with self.begin() as work:
            task = await work.tasks.get(task_id)
        task.require_at(sites)
        return task
