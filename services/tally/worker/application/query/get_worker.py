"""Shows a worker."""

from dataclasses import dataclass

from tally.worker.domain.model import Worker
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class GetWorker:
    """Shows a worker."""

    begin: Begin

    async def __call__(self, worker_id: str) -> Worker:
        """The worker.

        Raises:
            WorkerNotFound: There is none.
        """
        async with self.begin() as work:
            return await work.workers.get(worker_id)
