"""Remembers at which site each camera is."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.analytics.domain.model import CameraPlaced
from tally.analytics.domain.ports import Places


@dataclass(frozen=True, slots=True)
class FollowCameras:
    """Remembers at which site each camera is, in whatever order and however often that is told."""

    places: Places

    async def __call__(self, cameras: Sequence[CameraPlaced]) -> None:
        """Take in where cameras are."""
        await self.places.place(cameras)
