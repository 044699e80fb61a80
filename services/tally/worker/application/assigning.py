"""Settles who holds which camera, as a part of whatever changed the conditions."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from tally.worker.domain.assignment import plan
from tally.worker.domain.events import CameraAssigned, CameraUnassigned
from tally.worker.domain.ports import UnitOfWork


async def assign_cameras(
    work: UnitOfWork, now: datetime, heirs: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """Move cameras until each is where it should be, and tell.

    Args:
        work: Must be `alone`.
        now: Decides which workers live.
        heirs: New workers by the ids of those whose place they took.

    Returns:
        Whether anything moved.
    """
    seats = {worker.id: worker.seat for worker in await work.workers.alive(now)}
    moves = plan(await work.cameras.places(), seats, heirs)
    for move in moves:
        epochs = await work.cameras.move(move.camera_id, move.to_worker, now)
        if move.from_worker is not None:
            await work.tell(
                CameraUnassigned(
                    camera_id=move.camera_id,
                    worker_id=move.from_worker,
                    epoch=epochs.ended,
                    time=now,
                )
            )
        if move.to_worker is not None:
            await work.tell(
                CameraAssigned(
                    camera_id=move.camera_id,
                    worker_id=move.to_worker,
                    epoch=epochs.begun,
                    time=now,
                )
            )
    return bool(moves)
