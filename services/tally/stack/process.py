"""A server process: started, watched, restarted when it dies, stopped with its parent."""

import asyncio
import ctypes
import random
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil
import structlog

from tally.stack.errors import StackError

Probe = Callable[[], Awaitable[bool]]
"""Whether the server answers."""

State = Literal["stopped", "starting", "serving", "down"]

PROBE_PERIOD_S = 0.05
STOP_GRACE_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
SETTLED_S = 30.0
"""A process that ran for this long starts again without a growing pause."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a process.

    Attributes:
        arguments: Program and arguments.
        environment: Its whole environment.
        stop_signal: Asks it to stop; also sent by the kernel should this process die first.
        folder: Where it runs.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    folder: Path | None = None


@dataclass(slots=True)
class ServerProcess:
    """One server process of the stack.

    Attributes:
        name: What people call it.
        command: How to start it.
        log: Where its output goes.
        probe: Tells whether it is ready.
        mend: What to do when it does not start.
        start_timeout_s: Seconds that it may take to become ready.
        state: How it does.
        restarts: How often it had to be started again.
    """

    name: str
    command: Command
    log: Path
    probe: Probe
    mend: str
    start_timeout_s: float = 60.0
    state: State = "stopped"
    restarts: int = 0
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _supervisor: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it, wait until it is ready, and keep it running from then on.

        Raises:
            StackError: It ended or was not ready in time.
        """
        self.log.unlink(missing_ok=True)
        await self._start_once()
        self._supervisor = asyncio.create_task(self._supervise(), name=f"supervise {self.name}")

    async def stop(self) -> None:
        """Ask it to stop, and end it if it does not."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        await self._end()
        self.state = "stopped"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def memory_bytes(self) -> int | None:
        """Resident memory of the process and its children; None when it does not run."""
        if self.pid is None:
            return None
        try:
            process = psutil.Process(self.pid)
            return sum(
                each.memory_info().rss for each in (process, *process.children(recursive=True))
            )
        except psutil.NoSuchProcess:
            return None

    async def _start_once(self) -> None:
        self.state = "starting"
        with self.log.open("ab") as log:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self.command.arguments,
                    env=dict(self.command.environment),
                    cwd=self.command.folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_die_with_parent(self.command.stop_signal),
                )
            except OSError as error:
                self.state = "down"
                raise StackError(
                    f"{self.name} cannot be started: {error}", mend=self.mend
                ) from error
        try:
            await self._until_ready(self._process)
        except BaseException:
            self.state = "down"
            await self._end()
            raise
        self.state = "serving"

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        try:
            async with asyncio.timeout(self.start_timeout_s):
                while not await self.probe():
                    if process.returncode is not None:
                        raise StackError(
                            f"{self.name} ended with status {process.returncode} while starting",
                            mend=self.mend,
                            log=self.log,
                        )
                    await asyncio.sleep(PROBE_PERIOD_S)
        except TimeoutError as error:
            raise StackError(
                f"{self.name} was not ready after {self.start_timeout_s:g} s",
                mend=self.mend,
                log=self.log,
            ) from error

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_S
        while True:
            since = loop.time()
            assert self._process is not None  # noqa: S101 - set by every start
            status = await self._process.wait()
            self.state = "down"
            if loop.time() - since > SETTLED_S:
                pause = FIRST_PAUSE_S
            _log.warning("server_died", server=self.name, status=status, pause_s=round(pause, 2))
            while self.state == "down":
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE_S)
                self.restarts += 1
                try:
                    await self._start_once()
                except StackError as error:
                    _log.error("server_does_not_start", server=self.name, reason=str(error))

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(self.command.stop_signal)
            try:
                async with asyncio.timeout(STOP_GRACE_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Runs in the child between fork and exec, so it must not import or allocate much."""

    def ask_kernel() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number))

    return ask_kernel
