"""Runs the camera server: `python -m tally.camera`."""

from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.process import run

if __name__ == "__main__":
    settings = CameraSettings()
    run("camera", camera_server(settings), metrics_listen=settings.metrics_listen)
