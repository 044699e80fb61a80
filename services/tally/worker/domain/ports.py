"""What the use cases need of the world."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tally.kernel.idempotency import Requests
from tally.kernel.identity import Sites
from tally.worker.domain.assignment import Place
from tally.worker.domain.camera import Camera
from tally.worker.domain.events import PoolEvent
from tally.worker.domain.load import FrameCosts
from tally.worker.domain.model import Assignment, SpoolStatus, Worker
from tally.worker.domain.stream import RunningCamera, StreamCondition, StreamState, StreamStatus
from tally.worker.domain.tasks import Queue, Task, TaskKind, TaskState


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who holds a camera, and what was last heard of its stream.

    Attributes:
        camera_id: The camera.
        epoch: Of its assignment.
        stream_state: What its holder last said; None while it has said nothing.
        conditions: What was wrong with its pictures then.
        heard_time: When that was told on.
    """

    camera_id: str
    epoch: int
    stream_state: StreamState | None
    conditions: frozenset[StreamCondition]
    heard_time: datetime

    def differs_from(self, status: StreamStatus) -> bool:
        """Whether the stream does otherwise than was heard; figures apart."""
        heard = self.stream_state, self.conditions
        return heard != (status.state, frozenset(status.conditions))


@dataclass(frozen=True, slots=True)
class Epochs:
    """The epochs of a camera that moves: `ended` is over (0 if there was none), `begun` is the new one."""

    ended: int
    begun: int


class Workers(Protocol):
    """The workers."""

    async def get(self, worker_id: str) -> Worker:
        """The worker with this id.

        Raises:
            WorkerNotFound: There is none.
        """

    async def page(self, after: str, limit: int) -> Sequence[Worker]:
        """At most `limit` workers by id, behind `after`."""

    async def alive(self, now: datetime) -> Sequence[Worker]:
        """Those whose lease holds."""

    async def known(self) -> Sequence[Worker]:
        """All, alive or gone."""

    async def named(self, name: str) -> Sequence[Worker]:
        """All, alive or gone, that registered under this name."""

    async def put(self, worker: Worker) -> None:
        """Store the worker as it is now."""

    async def renew(
        self,
        worker_id: str,
        now: datetime,
        until: datetime,
        cameras: Sequence[RunningCamera],
        spool: SpoolStatus | None,
    ) -> Worker:
        """Prolong a lease that holds, and keep what the worker says of its cameras and, if anything, of its spool.

        Raises:
            WorkerNotFound: There is no such worker.
            LeaseExpired: Its lease has run out.
        """

    async def measure(self, worker_id: str, frame_costs: FrameCosts) -> None:
        """Keep what a frame costs a worker."""

    async def forget(self, expired_before: datetime) -> None:
        """Remove those whose lease ended before."""


class Cameras(Protocol):
    """The cameras, and who holds them."""

    async def get(self, camera_id: str) -> Camera:
        """The camera; one that nothing is known of yet if it is new."""

    async def put(self, camera: Camera) -> None:
        """Store the camera as it is now; who holds it stays as it is."""

    async def places(self) -> Sequence[Place]:
        """Where every camera is that is wanted or held."""

    async def tenures(self, worker_id: str) -> Sequence[Tenure]:
        """The cameras that a worker holds."""

    async def move(self, camera_id: str, to_worker: str | None, now: datetime) -> Epochs:
        """Give a camera to a worker, or to nobody.

        The new epoch is higher than the one before, and no less than the seconds since 1970: also a pool that has
        lost its memory goes on above what others remember, who would take its workers for those of the past.
        """

    async def hear(self, camera_id: str, status: StreamStatus, now: datetime) -> None:
        """Remember what a camera's holder said of its stream."""

    async def assignments(self, worker_id: str) -> Sequence[Assignment]:
        """What a worker is to run, by camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks are wanted.

    Attributes:
        state: In which state; None for all.
        kind: Of which kind; None for all.
        sites: At which sites.
    """

    state: TaskState | None = None
    kind: TaskKind | None = None
    sites: Sites = None


class Tasks(Protocol):
    """The tasks."""

    async def get(self, task_id: str, *, lock: bool = False) -> Task:
        """The task with this id.

        Args:
            task_id: The id.
            lock: Whether nobody else may change it until the end.

        Raises:
            TaskNotFound: There is none.
        """

    async def put(self, task: Task) -> None:
        """Store the task as it is now."""

    async def page(self, wanted: TaskFilter, before: str, limit: int) -> Sequence[Task]:
        """At most `limit` tasks, the newest first, created before the one with the id `before`; empty for all."""

    async def queue(self) -> Queue:
        """How the queue does."""

    async def forget(self, ended_before: datetime) -> None:
        """Remove those that were done or cancelled before."""


class UnitOfWork(Protocol):
    """One transaction: either everything done through it happens, or nothing."""

    @property
    def workers(self) -> Workers:
        """The workers."""

    @property
    def cameras(self) -> Cameras:
        """The cameras."""

    @property
    def tasks(self) -> Tasks:
        """The tasks."""

    @property
    def create_requests(self) -> Requests:
        """Requests that created something."""

    async def alone(self) -> None:
        """Wait until nobody else decides who holds what, and keep others waiting until the end."""

    async def tell(self, event: PoolEvent) -> None:
        """Have the event published."""

    async def offer(self, task: Task) -> None:
        """Hand the task to the workers."""


Begin = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a unit of work; leaving the block commits it, leaving it by an error undoes it."""
