"""Makes the read model again from the events: `python -m tally.camera.rebuild`.

May run while the server does: readers go on, whoever changes a camera waits until it is done.
"""

import asyncio

import structlog

from tally.camera.bootstrap import rebuild_read_model
from tally.camera.settings import CameraSettings
from tally.kernel.telemetry import telemetry

if __name__ == "__main__":
    with telemetry("camera-rebuild"):
        mended = asyncio.run(rebuild_read_model(CameraSettings()))
        structlog.get_logger(__name__).info("read_model_rebuilt", mended=mended)
