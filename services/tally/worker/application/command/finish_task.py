"""Ends a run of a task."""

from dataclasses import dataclass

from opentelemetry import metrics

from tally.kernel.clock import Clock
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task

_runs = metrics.get_meter("tally.worker").create_counter(
    "tally.tasks.runs", description="Runs of tasks that ended, by what the task was then"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed.

    Attributes:
        message: What people read.
        permanent: Whether trying again cannot help.
    """

    message: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class FinishTask:
    """Ends a run of a task with its result, or with the reason for there being none."""

    begin: Begin
    clock: Clock
    changes: Changes

    async def __call__(self, task_id: str, run: int, outcome: bytes | Failure) -> Task:
        """The task as it is then: done, dead, or queued for its next attempt.

        Args:
            task_id: The task.
            run: The run's number.
            outcome: The contract's TaskResult, or why there is none.

        Raises:
            TaskNotFound: There is no such task.
            TaskRunOver: The run is not the one that is believed.
        """
        async with self.begin() as work:
            task, now = await work.tasks.get(task_id, lock=True), self.clock()
            if isinstance(outcome, Failure):
                task = task.fail(run, outcome.message, now, permanent=outcome.permanent)
            else:
                task = task.succeed(run, outcome, now)
            await work.tasks.put(task)
        _runs.add(1, {"kind": task.kind.value, "state": task.state.value})
        self.changes.notify()
        return task
