"""Shows what crossed."""

from dataclasses import dataclass

from tally.analytics.domain.errors import (
    CrossingNotFound,
    PictureExpired,
    PictureLost,
    PictureNotTaken,
)
from tally.analytics.domain.model import StoredCrossing
from tally.analytics.domain.ports import CrossingFinder, Pictures
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class CrossingPicture:
    """A crossing and its picture as JPEG."""

    crossing: StoredCrossing
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class GetCrossingPicture:
    """Finds the picture of one crossing, or says why there is none."""

    crossings: CrossingFinder
    pictures: Pictures
    clock: Clock

    async def __call__(self, crossing_id: str, sites: Sites) -> CrossingPicture:
        """The crossing with its picture.

        Args:
            crossing_id: The crossing.
            sites: Where the caller may see pictures.

        Raises:
            CrossingNotFound: There is none, or not at these sites.
            PictureNotTaken: There never was a picture.
            PictureExpired: It is gone, as the camera says.
            PictureLost: It should be there.
            Unavailable: Nobody can tell now.
        """
        stored = await self.crossings.crossing(crossing_id, sites)
        if stored is None:
            raise CrossingNotFound(crossing_id)
        expire_time = stored.crossing.picture_expire_time
        if expire_time is None:
            raise PictureNotTaken
        if expire_time <= self.clock():
            raise PictureExpired(expire_time)
        jpeg = await self.pictures.find(stored.camera_id, crossing_id)
        if jpeg is None:
            raise PictureLost
        return CrossingPicture(stored, jpeg)
