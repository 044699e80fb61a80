"""Has all credentials sealed with the first of `TALLY_CAMERA_STREAM_KEYS`: `python -m tally.camera.reseal`.

May run while the server does, which tells workers of the change. Afterwards the other keys can go.
"""

import asyncio

import structlog

from tally.camera.bootstrap import reseal_credentials
from tally.camera.settings import CameraSettings
from tally.kernel.telemetry import telemetry

if __name__ == "__main__":
    with telemetry("camera-reseal"):
        resealed = asyncio.run(reseal_credentials(CameraSettings()))
        structlog.get_logger(__name__).info("credentials_resealed", cameras=resealed)
