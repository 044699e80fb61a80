"""Opens a worker to cameras, or closes it."""

from dataclasses import dataclass, replace

from tally.kernel.clock import Clock
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.domain.assignment import Admission
from tally.worker.domain.model import Worker
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class ChangeAdmission:
    """Says whether a worker takes cameras, and moves cameras accordingly."""

    begin: Begin
    clock: Clock
    changes: Changes
    assign: Assigning

    async def __call__(self, worker_id: str, admission: Admission) -> Worker:
        """The worker as it is then.

        Raises:
            WorkerNotFound: There is no such worker.
        """
        async with self.begin() as work:
            await work.alone()
            worker = replace(await work.workers.get(worker_id), admission=admission)
            await work.workers.put(worker)
            await self.assign(work, self.clock())
        self.changes.notify()
        return worker
