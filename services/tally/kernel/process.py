"""Runs a server as a process: until it is told to stop, or until it fails."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import uvloop

from tally.kernel.telemetry import telemetry

REPEAT_S = 0.2
"""Time between one cancellation of a task and the next."""


def run(
    name: str, server: AbstractAsyncContextManager[Any], *, metrics_listen: str | None = None
) -> None:
    """Enter `server`, wait for SIGTERM or SIGINT, leave it.

    Args:
        name: Name of the process in logs, traces and metrics.
        server: The server as a context manager; leaving it stops it gracefully.
        metrics_listen: Where to serve Prometheus metrics, as `host:port`.
    """
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with telemetry(name, metrics_listen), loop:
        loop.run(_until_told(server))


@asynccontextmanager
async def background(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run jobs beside the block and cancel them when it is left. A job that fails ends the block with its error."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        try:
            yield
        finally:
            await end(*tasks)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended; their errors stay with them.

    One cancellation does not always do: before Python 3.12, `asyncio.wait_for` loses one that comes together
    with what is waited for, and so does the NATS client, which is built on it.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=REPEAT_S)


async def _until_told(server: AbstractAsyncContextManager[Any]) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    async with server:
        await told.wait()
