"""Shows a worker."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.application.loads import present_loads
from tally.worker.domain.model import Worker
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class GetWorker:
    """Shows a worker and its load."""

    begin: Begin
    clock: Clock

    async def __call__(self, worker_id: str) -> tuple[Worker, float]:
        """The worker, and the part of its time that its cameras take.

        Raises:
            WorkerNotFound: There is none.
        """
        async with self.begin() as work:
            worker = await work.workers.get(worker_id)
            return worker, (await present_loads(work, self.clock())).get(worker_id, 0.0)
