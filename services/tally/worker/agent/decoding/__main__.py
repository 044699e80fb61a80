"""A decoder process: `python -m tally.worker.agent.decoding`, with a Unix socket to its worker as standard input.

Over that socket come, for each camera, a connection and a piece of shared memory; back goes a sign of life every
second. When the socket closes, the worker is gone or has no use for the process, which ends.
"""

import asyncio
import os
import resource
import socket
from contextlib import suppress
from pathlib import Path

from tally.worker.agent.decoding.serving import STOP_S, serve_camera

BEAT_S = 1.0
MEMORY_BYTES = 8 * 2**30
"""What the process may map for itself, threads' stacks included: a few cameras' worth at 4K on many cores."""


def main() -> None:
    """Serve cameras until the worker hangs up."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    with suppress(OSError):
        # When memory is short, the kernel shall end a decoder rather than the worker.
        Path("/proc/self/oom_score_adj").write_text("500")
    control = socket.socket(fileno=os.dup(0))
    control.setblocking(False)
    asyncio.run(_serve(control))
    # A thread inside FFmpeg that does not come back must not keep the process.
    os._exit(0)


async def _serve(control: socket.socket) -> None:
    cameras: set[asyncio.Task[None]] = set()
    hung_up = asyncio.Event()

    def take() -> None:
        message, descriptors, *_ = socket.recv_fds(control, 1, 2)
        if not message:
            asyncio.get_running_loop().remove_reader(control)
            hung_up.set()
            return
        connection, memory = descriptors
        camera = asyncio.create_task(serve_camera(socket.socket(fileno=connection), memory))
        cameras.add(camera)
        camera.add_done_callback(cameras.discard)

    asyncio.get_running_loop().add_reader(control, take)
    while not hung_up.is_set():
        with suppress(OSError):
            control.send(b".")
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S):
                await hung_up.wait()
    for camera in cameras:
        camera.cancel()
    if cameras:
        await asyncio.wait(cameras, timeout=STOP_S)


if __name__ == "__main__":
    main()
