"""Lists cameras that have credentials."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True)
class ListSealedCameras(Query[Sequence[str]]):
    """Lists cameras that have credentials."""


async def list_sealed_cameras(_: ListSealedCameras, work: UnitOfWork) -> Sequence[str]:
    """Their ids."""
    return [camera.id async for camera in work.cameras.all() if camera.sealed_credentials]
