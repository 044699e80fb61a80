"""A decoder process, as its worker sees it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from tally.worker.agent.decoding.stream import DecodedStream

SILENCE_S = 20.0
"""A process that gave no sign of life for so long hangs."""

_log = structlog.get_logger(__name__)


class DecoderProcess:
    """Starts a process, watches over it and reaps it.

    Args:
        capacity: How many cameras it takes.

    Attributes:
        cameras: Ids of those it has; whoever opens and closes streams keeps them.
        victims: Those it had when it died; empty if it lives, or ended because it was told to.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.cameras: set[str] = set()
        self.victims: frozenset[str] = frozenset()
        self._since = time.monotonic()
        self._control, self._theirs = socket.socketpair()
        self._control.setblocking(False)
        self._told = False
        self._pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(), name="decoder process")

    @property
    def alive(self) -> bool:
        """Whether it runs, or is about to, and was not told to end."""
        return not self._told and not self._life.done()

    @property
    def over(self) -> bool:
        """Whether it has ended and been reaped."""
        return self._life.done()

    @property
    def age_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._since

    async def pid(self) -> int:
        """Its process id, once it has one.

        Raises:
            OSError: It cannot be started.
        """
        return await asyncio.shield(self._pid)

    async def stream(self, release: Callable[[], None]) -> DecodedStream:
        """A stream, still to be opened; `release` is called when it is closed.

        Raises:
            OSError: The process cannot be started.
        """
        await self.pid()
        ours, theirs = socket.socketpair()
        answers, questions = await asyncio.open_unix_connection(sock=ours)
        memory = os.memfd_create("tally-frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with theirs, suppress(OSError):
            # If the process is gone already, the stream will say so.
            socket.send_fds(self._control, [b"c"], [theirs.fileno(), memory])
        return DecodedStream(memory, answers, questions, self.ended, release)

    def tell_to_end(self) -> None:
        """Have it end; it closes its sources first."""
        self._told = True
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    async def ended(self) -> str:
        """How it ended; waits until it has."""
        return await asyncio.shield(self._life)

    async def _live(self) -> str:
        try:
            with self._theirs:
                # A session of its own: Ctrl-C is for the worker, which needs it to end its runs.
                process = subprocess.Popen(  # noqa: ASYNC220 - uvloop forks, which gRPC does not bear
                    [sys.executable, "-m", "tally.worker.agent.decoding"],
                    stdin=self._theirs.fileno(), start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            self._pid.set_exception(error)
            return f"could not be started: {error.strerror}"
        self._pid.set_result(process.pid)
        with self._control:
            how = await self._watch(process)
        if not self._told:
            self.victims = frozenset(self.cameras)
            _log.error("decoder_died", how=how, cameras=sorted(self.victims))
        return how

    async def _watch(self, process: subprocess.Popen[bytes]) -> str:
        try:
            await self._listen()
            async with asyncio.timeout(SILENCE_S):
                status = await asyncio.to_thread(process.wait)
        except TimeoutError:
            process.kill()
            await asyncio.to_thread(process.wait)
            return "hung and was killed"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    async def _listen(self) -> None:
        """Wait until the process hangs up.

        Raises:
            TimeoutError: It has been silent for too long.
        """
        loop = asyncio.get_running_loop()
        heard = b"."
        while heard:
            async with asyncio.timeout(SILENCE_S):
                try:
                    heard = await loop.sock_recv(self._control, 64)
                except OSError:
                    return
