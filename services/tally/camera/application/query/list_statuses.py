"""Tells how all cameras do."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.status import CameraStatus
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True)
class ListStatuses(Query[Sequence[CameraStatus]]):
    """Tells how all cameras do."""


async def list_statuses(_: ListStatuses, work: UnitOfWork) -> Sequence[CameraStatus]:
    """The status of every camera."""
    return await work.read_model.statuses()
