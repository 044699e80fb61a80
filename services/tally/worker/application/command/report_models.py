"""Hears which models a worker can use."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.domain.errors import LeaseExpired
from tally.worker.domain.events import ModelsReported
from tally.worker.domain.load import FrameCosts
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class ReportModels:
    """Keeps what a frame costs a worker, and tells others which models it can use.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
    """

    begin: Begin
    clock: Clock

    async def __call__(self, worker_id: str, models: bytes, frame_costs: FrameCosts) -> None:
        """Do it.

        Args:
            worker_id: The worker.
            models: The contract's ReportModelsRequest, handed on unread.
            frame_costs: What it measured lately; what it measured before stays.

        Raises:
            WorkerNotFound: There is no such worker.
            LeaseExpired: Its lease has run out.
        """
        now = self.clock()
        async with self.begin() as work:
            worker = await work.workers.get(worker_id)
            if not worker.alive(now):
                raise LeaseExpired(worker_id)
            await work.workers.measure(worker.id, {**worker.frame_costs, **frame_costs})
            await work.tell(
                ModelsReported(
                    worker_id=worker.id, worker_name=worker.name, models=models, time=now
                )
            )
