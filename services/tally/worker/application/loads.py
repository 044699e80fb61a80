"""How busy the workers are."""

from collections.abc import Mapping
from datetime import datetime

from tally.worker.domain.assignment import loads
from tally.worker.domain.ports import UnitOfWork


async def present_loads(work: UnitOfWork, now: datetime) -> Mapping[str, float]:
    """The part of its time that its cameras take, of each living worker, by id."""
    seats = {worker.id: worker.seat for worker in await work.workers.alive(now)}
    return loads(await work.cameras.places(), seats)
