"""Pictures of crossings, where workers put them."""

from dataclasses import dataclass

from tally.kernel.bus import PICTURES, Bus, look_up


@dataclass(frozen=True, slots=True)
class JetStreamPictures:
    """The pictures in JetStream, which deletes them itself."""

    bus: Bus

    async def find(self, camera_id: str, crossing_id: str) -> bytes | None:
        """The picture, as JPEG; None if there is none."""
        return await look_up(self.bus, PICTURES, PICTURES.subject(camera_id, crossing_id))
