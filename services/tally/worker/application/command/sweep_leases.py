"""Gives away the cameras of workers whose lease ran out."""

from dataclasses import dataclass
from datetime import timedelta

from tally.kernel.clock import Clock
from tally.worker.application.assigning import Assigning
from tally.worker.application.changes import Changes
from tally.worker.domain.ports import Begin

REMEMBERED = timedelta(days=1)
"""How long a worker that is gone is still shown."""


@dataclass(frozen=True, slots=True)
class SweepLeases:
    """Gives the cameras of dead workers to living ones, and forgets those who are gone for long."""

    begin: Begin
    clock: Clock
    changes: Changes
    assign: Assigning

    async def __call__(self) -> None:
        """Do it once."""
        async with self.begin() as work:
            await work.alone()
            now = self.clock()
            moved = await self.assign(work, now)
            await work.workers.forget(now - REMEMBERED)
        if moved:
            self.changes.notify()
