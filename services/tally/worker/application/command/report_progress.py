"""Hears how far a run of a task is."""

from dataclasses import dataclass

from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Stores how far a run of a task is."""

    begin: Begin
    changes: Changes

    async def __call__(self, task_id: str, run: int, progress: float, text: str) -> None:
        """Store it.

        Raises:
            TaskNotFound: There is no such task.
            TaskRunOver: The run is not the one that is believed.
        """
        async with self.begin() as work:
            task = await work.tasks.get(task_id, lock=True)
            await work.tasks.put(task.report(run, progress, text))
        self.changes.notify()
