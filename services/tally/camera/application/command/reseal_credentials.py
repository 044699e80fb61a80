"""Has all credentials sealed with the key that seals now."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.errors import CameraNotFound, ConcurrentChange
from tally.camera.domain.ports import Begin, Sealer
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ResealCredentials:
    """Has all credentials sealed with the key that seals now, so that older keys can go."""

    begin: Begin
    clock: Clock
    sealer: Sealer

    async def __call__(self) -> Sequence[str]:
        """Ids of the cameras whose credentials were sealed with another key.

        Raises:
            NoKey: The keys lack one that credentials are sealed with; cameras before it are done.
            Unsealable: A camera's credentials were tampered with; cameras before it are done.
        """
        async with self.begin() as work:
            ids = [camera.id async for camera in work.cameras.all() if camera.sealed_credentials]
        return [camera_id for camera_id in ids if await self._reseal(camera_id)]

    async def _reseal(self, camera_id: str) -> bool:
        """Whether there was anything to do."""
        while True:
            try:
                async with self.begin() as work:
                    camera = await work.cameras.get(camera_id)
                    if not camera.sealed_credentials:
                        return False
                    sealed = self.sealer.reseal(
                        camera_id, camera.spec.stream.uri, camera.sealed_credentials
                    )
                    resealed = camera.reseal(sealed, self.clock())
                    if resealed.changes:
                        await work.cameras.save(resealed)
                    return bool(resealed.changes)
            except ConcurrentChange:
                continue
            except CameraNotFound:
                return False
