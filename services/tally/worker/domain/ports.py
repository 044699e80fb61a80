"""What the use cases need of the world."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tally.worker.domain.assignment import Place
from tally.worker.domain.camera import Camera
from tally.worker.domain.events import PoolEvent
from tally.worker.domain.model import Assignment, SpoolStatus, Worker
from tally.worker.domain.stream import RunningCamera, StreamState


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who holds a camera, and what was last heard of its stream.

    Attributes:
        camera_id: The camera.
        epoch: Of its assignment.
        stream_state: What its holder last said; None while it has said nothing.
    """

    camera_id: str
    epoch: int
    stream_state: StreamState | None


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

    async def hear(self, camera_id: str, state: StreamState) -> None:
        """Remember what a camera's holder said of its stream."""

    async def assignments(self, worker_id: str) -> Sequence[Assignment]:
        """What a worker is to run, by camera."""


class UnitOfWork(Protocol):
    """One transaction: either everything done through it happens, or nothing."""

    @property
    def workers(self) -> Workers:
        """The workers."""

    @property
    def cameras(self) -> Cameras:
        """The cameras."""

    async def alone(self) -> None:
        """Wait until nobody else decides who holds what, and keep others waiting until the end."""

    async def tell(self, event: PoolEvent) -> None:
        """Have the event published."""


Begin = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a unit of work; leaving the block commits it, leaving it by an error undoes it."""
