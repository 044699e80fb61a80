"""The camera server as a process of its own that can be killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.process import run

# Each server is forked from a process that has imported everything and started nothing.
_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])


@contextmanager
def camera_process(settings: CameraSettings) -> Iterator[None]:
    """Serve while the block lasts, then kill the server (SIGKILL)."""
    process = _CONTEXT.Process(target=_serve, args=(settings,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _serve(settings: CameraSettings) -> None:
    run("camera", camera_server(settings))
