"""Makes the read model again from the events: `python -m tally.camera.rebuild`.

May run while the server does: readers go on, whoever changes a camera waits until it is done.
"""

import asyncio
from collections.abc import Sequence

import structlog

from tally.camera.application.command.rebuild_read_model import RebuildReadModel
from tally.camera.bootstrap import maintenance
from tally.camera.settings import CameraSettings
from tally.kernel.telemetry import telemetry


async def rebuild(settings: CameraSettings) -> Sequence[str]:
    """Make the read model again; returns the ids of the cameras that it held wrongly."""
    async with maintenance(settings) as use_cases:
        return await use_cases.execute(RebuildReadModel())


if __name__ == "__main__":
    with telemetry("camera-rebuild"):
        mended = asyncio.run(rebuild(CameraSettings()))
        structlog.get_logger(__name__).info("read_model_rebuilt", mended=mended)
