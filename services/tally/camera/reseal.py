"""Has all credentials sealed with the first of `TALLY_CAMERA_STREAM_KEYS`: `python -m tally.camera.reseal`.

May run while the server does, which tells workers of the change. Afterwards the other keys can go.
"""

import asyncio
from collections.abc import Sequence

import structlog

from tally.camera.application.command.reseal_camera import ResealCamera
from tally.camera.application.query.list_sealed_cameras import ListSealedCameras
from tally.camera.bootstrap import maintenance
from tally.camera.domain.ports import UnitOfWork
from tally.camera.settings import CameraSettings
from tally.kernel.message_bus import MessageBus
from tally.kernel.telemetry import telemetry


async def reseal(use_cases: MessageBus[UnitOfWork]) -> Sequence[str]:
    """Have them sealed; returns the ids of the cameras whose were sealed with another key.

    Raises:
        NoKey: The keys lack one that credentials are sealed with; cameras before it are done.
        Unsealable: A camera's credentials were tampered with; cameras before it are done.
    """
    ids = await use_cases.execute(ListSealedCameras())
    return [id_ for id_ in ids if await use_cases.execute(ResealCamera(camera_id=id_))]


async def _reseal(settings: CameraSettings) -> Sequence[str]:
    async with maintenance(settings) as use_cases:
        return await reseal(use_cases)


if __name__ == "__main__":
    with telemetry("camera-reseal"):
        resealed = asyncio.run(_reseal(CameraSettings()))
        structlog.get_logger(__name__).info("credentials_resealed", cameras=resealed)
