"""Runs a server as a process: until it is told to stop, or until it fails."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
import uvloop

from tally.kernel.errors import DomainError
from tally.kernel.telemetry import telemetry

_log = structlog.get_logger(__name__)

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


async def repeatedly(job: Callable[[], Awaitable[object]], pause_s: float) -> None:
    """Do a job again and again until cancelled. If it fails, that is logged: the next time does the same work."""
    while True:
        try:
            await job()
        except DomainError as error:
            _log.warning("job_failed", job=type(job).__name__, error=str(error))
        except Exception:
            _log.exception("job_failed", job=type(job).__name__)
        await asyncio.sleep(pause_s)


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
