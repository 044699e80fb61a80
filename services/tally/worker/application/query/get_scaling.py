"""Shows how the pool is used."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.worker.domain.ports import Begin
from tally.worker.domain.scaling import Scaling, scaling


@dataclass(frozen=True, slots=True)
class GetScaling:
    """Shows how the pool is used, and how many workers it should have.

    Attributes:
        begin: Opens transactions.
        clock: Decides who lives.
        target_utilisation: Part of the capacity that should be used.
    """

    begin: Begin
    clock: Clock
    target_utilisation: float

    async def __call__(self) -> Scaling:
        """The figures of this moment."""
        async with self.begin() as work:
            known = await work.workers.known()
            places = await work.cameras.places()
        now = self.clock()
        living = [worker for worker in known if worker.alive(now)]
        return scaling(places, living, known, self.target_utilisation)
