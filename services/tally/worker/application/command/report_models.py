"""Hears which models a worker can use."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.domain.errors import LeaseExpired
from tally.worker.domain.events import ModelsReported
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class ReportModels:
    """Tells others which models a worker can use; the pool itself needs not know.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
    """

    begin: Begin
    clock: Clock

    async def __call__(self, worker_id: str, models: bytes) -> None:
        """Do it.

        Args:
            worker_id: The worker.
            models: The contract's ReportModelsRequest, handed on unread.

        Raises:
            WorkerNotFound: There is no such worker.
            LeaseExpired: Its lease has run out.
        """
        now = self.clock()
        async with self.begin() as work:
            worker = await work.workers.get(worker_id)
            if not worker.alive(now):
                raise LeaseExpired(worker_id)
            await work.tell(
                ModelsReported(
                    worker_id=worker.id, worker_name=worker.name, models=models, time=now
                )
            )
