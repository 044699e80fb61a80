"""Keeps a worker in the pool and hears how its cameras do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tally.kernel.clock import Clock
from tally.worker.domain.events import StreamStateChanged
from tally.worker.domain.model import SpoolStatus, Worker
from tally.worker.domain.ports import Begin, UnitOfWork
from tally.worker.domain.stream import RunningCamera

TOLD_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RenewLease:
    """Renews a worker's lease, stores what it says of its cameras and its spool, and tells how streams do.

    Those that changed state are told of at once, all others every `TOLD_EVERY`, for their figures.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
        lease: How long a lease holds.
    """

    begin: Begin
    clock: Clock
    lease: timedelta

    async def __call__(
        self, worker_id: str, cameras: Sequence[RunningCamera], spool: SpoolStatus | None = None
    ) -> Worker:
        """The worker with its new lease.

        Raises:
            WorkerNotFound: There is no such worker.
            LeaseExpired: Its lease has run out.
        """
        now = self.clock()
        async with self.begin() as work:
            worker = await work.workers.renew(worker_id, now, now + self.lease, cameras, spool)
            news = await _news(work, worker, now)
        if news:
            await self._tell_news(worker, now)
        return worker

    async def _tell_news(self, worker: Worker, now: datetime) -> None:
        # A transaction of its own: `alone` must come before anything that others wait for.
        async with self.begin() as work:
            await work.alone()
            for camera in await _news(work, worker, now):
                await work.cameras.hear(camera.camera_id, camera.status, now)
                await work.tell(
                    StreamStateChanged(
                        camera_id=camera.camera_id,
                        epoch=camera.epoch,
                        status=camera.status,
                        time=now,
                    )
                )


async def _news(work: UnitOfWork, worker: Worker, now: datetime) -> Sequence[RunningCamera]:
    """Cameras of whose stream there is something to tell; of a camera, its holder's word alone counts."""
    known = {
        (tenure.camera_id, tenure.epoch): tenure for tenure in await work.cameras.tenures(worker.id)
    }
    return [
        camera
        for camera in worker.cameras
        if (tenure := known.get((camera.camera_id, camera.epoch)))
        and (tenure.differs_from(camera.status) or now - tenure.heard_time >= TOLD_EVERY)
    ]
