"""Runs a Python module in a process of its own that can harm nobody but itself."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from enum import Enum

MEMORY_BYTES = 5 * 2**28
"""Address space of the child. Python and its libraries take 0.4 GB; the rest holds some thirty 4K pictures."""
CPU_S = 10
OPEN_FILES = 64
ANSWER_BYTES = 2**20
"""The most that the child may write."""

_ENVIRONMENT = {
    # Threads' arenas and buffers count as memory, used or not.
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class Failure(Enum):
    """How a child can fail."""

    TIMEOUT = "timeout"
    CPU = "cpu"
    CRASHED = "crashed"


class ChildFailed(Exception):
    """The child gave no answer.

    Attributes:
        failure: Why.
    """

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


def confine(wall_s: int) -> None:
    """Limit this process for good; the child calls it before it looks at anything that it was not given by us.

    Args:
        wall_s: When it ends at the latest, also if nobody ends it, in seconds.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER_BYTES, ANSWER_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(wall_s)


async def run_confined(module: str, given: bytes, timeout_s: float) -> bytes:
    """What a module, which confines itself, writes to its standard output.

    It gets none of this process's environment, files and secrets but `given`, leads a process group of its own, and
    whatever is left of that group in the end is killed.

    Args:
        module: Run as `python -m`.
        given: What it finds in its standard input.
        timeout_s: When it is killed.

    Raises:
        ChildFailed: It was killed or crashed.
        OSError: It cannot be started.
    """
    # Files in memory rather than pipes: the limit on files' sizes holds for them too.
    with (
        os.fdopen(os.memfd_create("given"), "w+b", buffering=0) as stdin,
        os.fdopen(os.memfd_create("answer"), "w+b", buffering=0) as stdout,
    ):
        stdin.write(given)
        stdin.seek(0)
        child = subprocess.Popen(  # noqa: ASYNC220 - the loop's own way forks, which gRPC does not bear
            [sys.executable, "-I", "-m", module],
            stdin=stdin,
            stdout=stdout,
            # FFmpeg's own messages repeat addresses with their credentials.
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
        try:
            status = await asyncio.to_thread(child.wait, timeout_s)
        except subprocess.TimeoutExpired:
            status = -signal.SIGALRM
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await asyncio.to_thread(child.wait)
        _check(status)
        stdout.seek(0)
        return stdout.read(ANSWER_BYTES)


def _check(status: int) -> None:
    if status == -signal.SIGALRM:
        raise ChildFailed(Failure.TIMEOUT, "its time was over")
    if status == -signal.SIGXCPU:
        raise ChildFailed(Failure.CPU, f"it computed for longer than {CPU_S} s")
    if status != 0:
        raise ChildFailed(Failure.CRASHED, f"it ended with status {status}")
