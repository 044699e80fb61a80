"""A server process: started, watched, started again when it dies, stopped with its parent."""

import asyncio
import os
import random
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psutil

from tally.stack.errors import StackError

Probe = Callable[[], Awaitable[bool]]
"""Whether the server answers."""

State = Literal["stopped", "starting", "serving", "down"]

START_PERIOD_S = 0.05
HEALTH_PERIOD_S, HEALTH_TIMEOUT_S = 2.0, 5.0
STOP_GRACE_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
SETTLED_S = 30.0
"""A process that ran for this long starts again without a growing pause."""

LOG_BYTES = 20 * 2**20
"""A log that is longer is moved aside, where it replaces the one before it."""

_LAUNCH = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]


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

    async def spawn(self, log: Path) -> asyncio.subprocess.Process:
        """Start it in a session of its own, writing to the end of `log`.

        The kernel stops it when the calling thread ends, so call this from a loop that lasts.
        """
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *_LAUNCH,
                str(os.getpid()),
                str(int(self.stop_signal)),
                *self.arguments,
                env=dict(self.environment),
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )


@dataclass(slots=True)
class ServerProcess:
    """One server process of the stack.

    Attributes:
        name: What people call it.
        command: How to start it.
        log: Where its output goes. Its process id is noted beside it, for `end_leftovers`.
        probe: Tells whether it is ready.
        mend: What to do when it does not start.
        start_timeout_s: Seconds that it may take to become ready.
        needs_children: Whether it is of no use without each process that it has started by the time it is
            ready. Should one of them die, all is started anew.
        clean_up: Removes what it leaves behind when it is killed; called before it starts and after it ends.
        state: How it does.
        restarts: How often it had to be started again.
    """

    name: str
    command: Command
    log: Path
    probe: Probe
    mend: str
    start_timeout_s: float = 60.0
    needs_children: bool = False
    clean_up: Callable[[], None] = lambda: None
    state: State = "stopped"
    restarts: int = 0
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)
    _children: Sequence[psutil.Process] = field(default=(), repr=False)
    _supervisor: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        """Start it, wait until it is ready, and keep it running from then on.

        Raises:
            StackError: It ended or was not ready in time.
        """
        self.log.unlink(missing_ok=True)
        process = await self._start_once()
        self._supervisor = asyncio.create_task(
            self._supervise(process), name=f"supervise {self.name}"
        )

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
        """Resident memory of the process and its children; None when it does not run.

        Pages that they share count once (proportional set size, as Linux calls it).
        """
        if self.pid is None:
            return None
        try:
            process = psutil.Process(self.pid)
            family = (process, *process.children(recursive=True))
            return sum(member.memory_full_info().pss for member in family)
        except psutil.NoSuchProcess:
            return None

    async def _start_once(self) -> asyncio.subprocess.Process:
        self.state = "starting"
        try:
            self.clean_up()
            self._process = process = await self.command.spawn(self.log)
            self._note(process.pid)
            await self._until_ready(process)
            if self.needs_children:
                self._children = _children_of(process.pid)
        except (
            OSError
        ) as error:  # no memory for another process, no room on the disk, no log folder
            self.state = "down"
            await self._end()
            raise StackError(f"{self.name} cannot be started: {error}", mend=self.mend) from error
        except BaseException:
            self.state = "down"
            await self._end()
            raise
        self.state = "serving"
        return process

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
                    await asyncio.sleep(START_PERIOD_S)
        except TimeoutError as error:
            raise StackError(
                f"{self.name} was not ready after {self.start_timeout_s:g} s",
                mend=self.mend,
                log=self.log,
            ) from error

    async def _supervise(self, process: asyncio.subprocess.Process) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_S
        while True:
            since = loop.time()
            status = await self._watch(process)
            self.state = "down"
            if loop.time() - since > SETTLED_S:
                pause = FIRST_PAUSE_S
            _end_session(process.pid)
            self._remark(f"ended with status {status}, will be started again")
            while self.state == "down":
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
                pause = min(pause * 2, LONGEST_PAUSE_S)
                self.restarts += 1
                try:
                    process = await self._start_once()
                except StackError as error:
                    self._remark(f"does not start: {error}")

    async def _watch(self, process: asyncio.subprocess.Process) -> int:
        """Keep `state` true until the process ends; return the status it ended with."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_PERIOD_S):
                    return await process.wait()
            if not all(map(_runs, self._children)):
                self._remark("has lost a process that it needs")
                with suppress(ProcessLookupError):
                    process.kill()
                continue
            self.state = "serving" if await self._answers_in_time() else "down"
            self._bound_log()

    async def _answers_in_time(self) -> bool:
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                return await self.probe()
        except (TimeoutError, StackError):
            return False

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self.command.stop_signal)
            try:
                async with asyncio.timeout(STOP_GRACE_S):
                    await process.wait()
            except TimeoutError:
                self._remark(f"did not stop within {STOP_GRACE_S:g} s")
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        _end_session(process.pid)
        self.clean_up()
        self._pid_file.unlink(missing_ok=True)

    def _remark(self, text: str) -> None:
        """Leave a line in the server's log."""
        with suppress(OSError), self.log.open("a") as log:
            log.write(
                f"{datetime.now(UTC).isoformat(timespec='seconds')} tally: {self.name} {text}\n"
            )

    def _bound_log(self) -> None:
        with suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".old.log"))
                os.truncate(self.log, 0)  # the server appends, so it goes on at the new beginning

    @property
    def _pid_file(self) -> Path:
        return self.log.with_suffix(".pid")

    def _note(self, pid: int) -> None:
        with suppress(psutil.NoSuchProcess):
            self._pid_file.write_text(f"{pid} {psutil.Process(pid).create_time()}")


async def end_leftovers(logs: Path) -> None:
    """End what a stack that was itself killed has left running.

    The kernel has told them to stop when it died; this waits for them, and ends those that do not.

    Args:
        logs: The folder of that stack's logs. No living stack may be using it.
    """
    leftovers = [process for file in logs.glob("*.pid") if (process := _noted(file))]
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_GRACE_S):
            while any(map(_runs, leftovers)):  # noqa: ASYNC110 - no event tells of strangers
                await asyncio.sleep(START_PERIOD_S)
    for process in leftovers:
        _end_session(process.pid)
        with suppress(psutil.NoSuchProcess):
            process.kill()  # psutil makes sure that the id still means this process
    for file in logs.glob("*.pid"):
        file.unlink()


def _noted(file: Path) -> psutil.Process | None:
    """The process that a pid file means, unless it is gone and its id means another one now."""
    pid, _, created = file.read_text().partition(" ")
    try:
        process = psutil.Process(int(pid))
        return process if process.create_time() == float(created) else None
    except (ValueError, psutil.NoSuchProcess):
        return None


def _children_of(pid: int) -> Sequence[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:  # it has just died, as its supervisor will see
        return ()


def _runs(process: psutil.Process) -> bool:
    try:
        # The id of a process that is gone may mean another one by now.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end_session(pid: int) -> None:
    """End the helpers that a server which died has left in its process group."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
