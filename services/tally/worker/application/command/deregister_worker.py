"""Lets a worker go."""

from dataclasses import dataclass, replace

from tally.kernel.clock import Clock
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class DeregisterWorker:
    """Ends a worker's lease and gives its cameras to others at once."""

    begin: Begin
    clock: Clock
    changes: Changes
    assign: Assigning

    async def __call__(self, worker_id: str) -> None:
        """Let the worker go; one that is gone stays gone.

        Raises:
            WorkerNotFound: There is no such worker.
        """
        async with self.begin() as work:
            await work.alone()
            now = self.clock()
            worker = await work.workers.get(worker_id)
            if worker.alive(now):
                await work.workers.put(replace(worker, lease_expire_time=now))
                await self.assign(work, now, {worker_id: None})
        self.changes.notify()
