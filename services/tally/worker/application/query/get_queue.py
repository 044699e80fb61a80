"""Shows how the queue of tasks does."""

from dataclasses import dataclass

from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Queue


@dataclass(frozen=True, slots=True)
class GetQueue:
    """Shows how the queue of tasks does."""

    begin: Begin

    async def __call__(self) -> Queue:
        """The figures of this moment."""
        async with self.begin() as work:
            return await work.tasks.queue()
