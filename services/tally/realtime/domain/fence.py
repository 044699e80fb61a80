"""Keeps out what workers see of live cameras that others have taken over."""

from datetime import datetime


class Fence:
    """Remembers who holds each camera by what holders say.

    A later holder has a higher epoch. What an earlier one saw after the latest had begun is told by both. The record of
    what was counted, in analytics, withdraws what it stored before it knew; what was told live cannot be taken back.
    """

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, datetime]] = {}

    def admits(self, camera_id: str, epoch: int, start: datetime, end: datetime) -> bool:
        """Whether something may be told that the holder of `epoch` saw of a live camera from `start` to `end`."""
        latest, began = self._latest.get(camera_id, (-1, start))
        if epoch < latest:
            return end <= began
        if epoch > latest:
            self._latest[camera_id] = (epoch, start)
        return True
