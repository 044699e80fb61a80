"""Forgets tasks that nobody asks for any more."""

from dataclasses import dataclass
from datetime import timedelta

from tally.kernel.clock import Clock
from tally.worker.domain.ports import Begin

REMEMBERED = timedelta(days=30)
"""How long a task that was done or cancelled is still shown. Dead ones stay until somebody queues them again."""


@dataclass(frozen=True, slots=True)
class ForgetTasks:
    """Forgets tasks that were over long ago, and requests that are too old to be repeated."""

    begin: Begin
    clock: Clock

    async def __call__(self) -> None:
        """Do it once."""
        now = self.clock()
        async with self.begin() as work:
            await work.tasks.forget(now - REMEMBERED)
            await work.create_requests.sweep(now)
