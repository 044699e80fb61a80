"""Follows what a worker is to run."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.application.changes import Changes
from tally.worker.domain.errors import LeaseExpired
from tally.worker.domain.model import Assignment
from tally.worker.domain.ports import Begin

REFRESH_S = 5.0
"""Changes made by another replica are noticed after this long at the latest."""


@dataclass(frozen=True, slots=True)
class WatchAssignments:
    """Follows what a worker is to run: everything at once, after each change, and every few seconds.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
        changes: Wakes.
        refresh_s: Seconds after which everything is shown again.
    """

    begin: Begin
    clock: Clock
    changes: Changes
    refresh_s: float = REFRESH_S

    async def __call__(self, worker_id: str) -> AsyncIterator[Sequence[Assignment]]:
        """Yields all that the worker is to run.

        Raises:
            WorkerNotFound: There is no such worker.
            LeaseExpired: Its lease has run out.
        """
        shown: Sequence[Assignment] | None = None
        while True:
            changed = self.changes.next()
            async with self.begin() as work:
                worker = await work.workers.get(worker_id)
                now = self.clock()
                if not worker.alive(now):
                    raise LeaseExpired(worker_id)
                assignments = await work.cameras.assignments(worker_id)
            if assignments != shown:
                shown = assignments
                yield shown
            left_s = (worker.lease_expire_time - now).total_seconds()
            try:
                async with asyncio.timeout(min(self.refresh_s, left_s)):
                    await changed.wait()
            except TimeoutError:
                shown = None
