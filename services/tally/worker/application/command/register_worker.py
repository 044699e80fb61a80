"""Takes a worker into the pool."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from tally.kernel.clock import Clock
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.domain.assignment import Admission, Selector
from tally.worker.domain.model import Hardware, Worker
from tally.worker.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class RegisterWorker:
    """Takes a worker into the pool; one that comes back under its name gets its cameras back.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
        new_id: Makes ids.
        lease: How long a lease holds.
        changes: Wakes those who follow assignments.
        assign: Moves cameras.
    """

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]
    lease: timedelta
    changes: Changes
    assign: Assigning

    async def __call__(
        self,
        name: str,
        capacity: int,
        selector: Selector | None = None,
        hardware: Hardware | None = None,
    ) -> Worker:
        """The worker, with its id.

        Args:
            name: What people call it.
            capacity: How many cameras it can run at once.
            selector: Which cameras it takes; all by default.
            hardware: What it runs on, if it says so.
        """
        async with self.begin() as work:
            await work.alone()
            now = self.clock()
            before = await work.workers.named(name)
            last = max(before, key=lambda other: other.register_time, default=None)
            worker = Worker(
                self.new_id(),
                name,
                capacity,
                now,
                now + self.lease,
                admission=last.admission if last else Admission.OPEN,
                selector=selector or Selector(),
                hardware=hardware or Hardware(),
                frame_costs=last.frame_costs if last else {},
            )
            for other in before:
                if other.alive(now):
                    await work.workers.put(replace(other, lease_expire_time=now))
            await work.workers.put(worker)
            await self.assign(work, now, {other.id: worker.id for other in before})
        self.changes.notify()
        return worker
