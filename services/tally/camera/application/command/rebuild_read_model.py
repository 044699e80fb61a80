"""Makes the read model again from the events."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True)
class RebuildReadModel(Command[Sequence[str]]):
    """Makes the read model again from the events, and tells where it was wrong."""


async def rebuild_read_model(_: RebuildReadModel, work: UnitOfWork) -> Sequence[str]:
    """Ids of the cameras that the read model held wrongly, lacked, or should not have held."""
    return await work.read_model.replace(work.cameras.all())
