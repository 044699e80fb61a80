"""Has a camera's credentials sealed with the key that seals now."""

from dataclasses import dataclass

from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.ports import Sealer, UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ResealCamera(Command[bool]):
    """Has a camera's credentials sealed with the key that seals now, so that older keys can go.

    Attributes:
        camera_id: The camera.
    """

    camera_id: str


@dataclass(frozen=True, slots=True)
class ResealCameraHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        sealer: Encrypts them.
    """

    clock: Clock
    sealer: Sealer

    async def __call__(self, command: ResealCamera, work: UnitOfWork) -> bool:
        """Whether they were sealed with another key; not so if the camera is gone.

        Raises:
            NoKey: The keys lack the one that they are sealed with.
            Unsealable: They were tampered with.
        """
        try:
            camera = await work.cameras.get(command.camera_id)
        except CameraNotFound:
            return False
        if not camera.sealed_credentials:
            return False
        sealed = self.sealer.reseal(camera.id, camera.spec.stream.uri, camera.sealed_credentials)
        resealed = camera.reseal(sealed, self.clock())
        if resealed.changes:
            await work.cameras.save(resealed)
        return bool(resealed.changes)
