"""Settles who holds which camera, as a part of whatever changed the conditions."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from tally.kernel.clock import Clock
from tally.worker.domain.assignment import plan
from tally.worker.domain.events import CameraAssigned, CameraUnassigned
from tally.worker.domain.ports import UnitOfWork

LONGEST_PAUSE_S = 3.0
"""Assignments come every second as long as the database answers; a longer pause between two may cost renewals."""


class Assigning:
    """Moves cameras until each is where it should be.

    While the pool or its database was away, no worker could renew its lease. So the cameras of silent workers stay
    theirs until the pool has listened for as long as a lease holds.

    Args:
        clock: Decides who lives.
        lease: How long a lease holds.
    """

    def __init__(self, clock: Clock, lease: timedelta) -> None:
        self._lease = lease
        self._listens_since = clock()
        self._last_call_s = time.monotonic()

    async def __call__(
        self,
        work: UnitOfWork,
        now: datetime,
        heirs: Mapping[str, str | None] = MappingProxyType({}),
    ) -> bool:
        """Move what must move, and tell.

        Args:
            work: Must be `alone`.
            now: Decides which workers live.
            heirs: New workers by the ids of those whose place they took; None for those that took their leave.

        Returns:
            Whether anything moved.
        """
        seats = {worker.id: worker.seat for worker in await work.workers.alive(now)}
        patient = not self._has_listened(now)
        moves = plan(await work.cameras.places(), seats, heirs, patient=patient)
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

    def _has_listened(self, now: datetime) -> bool:
        """Whether every living worker must have been heard; called where the database answers."""
        now_s = time.monotonic()
        if now_s - self._last_call_s > LONGEST_PAUSE_S:
            self._listens_since = now
        self._last_call_s = now_s
        return now >= self._listens_since + self._lease
