"""One-off jobs: how a task goes from the queue to its outcome, whatever becomes of those who run it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, IntEnum

from tally.kernel.identity import Sites
from tally.worker.domain.errors import TaskNotDead, TaskNotFound, TaskOver, TaskRunOver

MAX_ATTEMPTS = 3
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)


class TaskKind(Enum):
    """What kind of job a task is."""

    RECOUNT = "recount"
    BENCHMARK = "benchmark"


class Priority(IntEnum):
    """Which tasks go first: the higher."""

    LOW = 1
    NORMAL = 2
    HIGH = 3


class TaskState(Enum):
    """How far a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    DEAD = "dead"


_OVER = {TaskState.SUCCEEDED, TaskState.CANCELLED, TaskState.DEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a task does.

    Attributes:
        kind: What kind of job it is.
        work: The contract's TaskWork, handed on unread.
        camera_id: The camera whose counting it uses; empty if none.
    """

    kind: TaskKind
    work: bytes
    camera_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A one-off job.

    Each start is a run with a number of its own, and the latest run alone is believed: of two workers that hold the
    same task, because one was thought dead, one has a say.

    Attributes:
        id: UUIDv7.
        kind: What kind of job it is.
        work: The contract's TaskWork, handed on unread.
        counting: The contract's CountingConfig of the camera that `work` names, as it was at the creation; else empty.
        site_id: Where that camera is; else empty.
        priority: Which tasks go first.
        max_attempts: Attempts after which it is dead.
        creator: Who created it.
        create_time: When.
        state: How far it is.
        progress: Part of the present attempt that is done, 0 to 1.
        progress_text: The same in words.
        run: Number of the latest run; never goes back.
        attempt: Runs since the task was last queued by a person.
        worker: Name of who began the latest run.
        result: The contract's TaskResult, handed on unread; empty while there is none.
        error: Why the latest failed run failed; empty if none did.
        start_time: When the latest run began.
        end_time: When the task was over.
    """

    id: str
    kind: TaskKind
    work: bytes
    counting: bytes
    site_id: str
    priority: Priority
    max_attempts: int
    creator: str
    create_time: datetime
    state: TaskState = TaskState.QUEUED
    progress: float = 0.0
    progress_text: str = ""
    run: int = 0
    attempt: int = 0
    worker: str = ""
    result: bytes = b""
    error: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nobody has to do anything about it."""
        return self.state in _OVER

    @property
    def retry_after(self) -> timedelta:
        """How long to wait before the next attempt."""
        return min(FIRST_PAUSE * float(2 ** min(self.attempt - 1, 16)), LONGEST_PAUSE)

    def require_at(self, sites: Sites) -> None:
        """Refuse callers who may not see it.

        Raises:
            TaskNotFound: It is at none of these sites.
        """
        if sites is not None and self.site_id not in sites:
            raise TaskNotFound(self.id)

    def start(self, worker: str, now: datetime) -> "Task":
        """With one more run; dead, or over as it was, if there is to be none."""
        if self.over:
            return self
        if self.attempt >= self.max_attempts:
            # A run that failed would have said so: these workers went without a word.
            return self._dead(f"the worker {self.worker} went away in the last attempt", now)
        return replace(
            self,
            state=TaskState.RUNNING,
            run=self.run + 1,
            attempt=self.attempt + 1,
            worker=worker,
            progress=0.0,
            progress_text="",
            start_time=now,
        )

    def report(self, run: int, progress: float, text: str) -> "Task":
        """Further than before.

        Raises:
            TaskRunOver: The run is not the one that is believed.
        """
        self._require_run(run)
        return replace(self, progress=progress, progress_text=text)

    def succeed(self, run: int, result: bytes, now: datetime) -> "Task":
        """Done.

        Raises:
            TaskRunOver: The run is not the one that is believed.
        """
        self._require_run(run)
        return replace(
            self, state=TaskState.SUCCEEDED, result=result, progress=1.0, error="", end_time=now
        )

    def fail(self, run: int, error: str, now: datetime, *, permanent: bool) -> "Task":
        """Queued for its next attempt, or dead.

        Raises:
            TaskRunOver: The run is not the one that is believed.
        """
        self._require_run(run)
        if permanent or self.attempt >= self.max_attempts:
            return self._dead(error, now)
        return replace(self, state=TaskState.QUEUED, error=error)

    def cancel(self, now: datetime) -> "Task":
        """Cancelled; its run is over with it.

        Raises:
            TaskOver: It is done, or dead.
        """
        if self.state is TaskState.CANCELLED:
            return self
        if self.over:
            raise TaskOver(self.id, self.state.value)
        return replace(self, state=TaskState.CANCELLED, end_time=now)

    def requeue(self) -> "Task":
        """Queued again, with all its attempts.

        Raises:
            TaskNotDead: It is not dead.
        """
        if self.state is not TaskState.DEAD:
            raise TaskNotDead(self.id, self.state.value)
        return replace(
            self,
            state=TaskState.QUEUED,
            attempt=0,
            progress=0.0,
            progress_text="",
            end_time=None,
        )

    def _require_run(self, run: int) -> None:
        if self.state is not TaskState.RUNNING or run != self.run:
            raise TaskRunOver(self.id, run)

    def _dead(self, error: str, now: datetime) -> "Task":
        return replace(self, state=TaskState.DEAD, error=error, end_time=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How the queue does.

    Attributes:
        waiting: Tasks that wait, by priority.
        running: Tasks that workers are at.
        dead: Tasks that failed for good.
        oldest: When the oldest of the waiting tasks was created; None if none waits.
    """

    waiting: Mapping[Priority, int]
    running: int
    dead: int
    oldest: datetime | None
