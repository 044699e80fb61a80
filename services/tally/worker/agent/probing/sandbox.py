"""Runs a Python module in a process of its own that can harm nobody but itself."""

import asyncio
import os
import resource
import signal
import sys
from contextlib import suppress
from enum import Enum

MEMORY_BYTES = 5 * 2**28
"""Address space of the child. Python and its libraries take 0.4 GB; the rest holds some thirty 4K pictures."""
CPU_S = 10
OPEN_FILES = 64

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
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(wall_s)


async def run_confined(module: str, given: bytes, *, timeout_s: float, max_answer: int) -> bytes:
    """What a module, which confines itself, writes to its standard output.

    It gets none of this process's environment, files and secrets but `given`, leads a process group of its own, and
    whatever is left of that group in the end is killed.

    Args:
        module: Run as `python -m`.
        given: What it finds in its standard input.
        timeout_s: When it is killed.
        max_answer: The most that it may write, in bytes.

    Raises:
        ChildFailed: It was killed, crashed, or wrote more.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # FFmpeg's own messages repeat addresses with their credentials.
        stderr=asyncio.subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _exchange(child, given, max_answer)
            code = await child.wait()
    except TimeoutError:
        raise ChildFailed(Failure.TIMEOUT, f"took longer than {timeout_s:g} s") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
    if code == -signal.SIGALRM:
        raise ChildFailed(Failure.TIMEOUT, f"took longer than {timeout_s:g} s")
    if code == -signal.SIGXCPU:
        raise ChildFailed(Failure.CPU, f"computed for longer than {CPU_S} s")
    if code != 0 or len(answer) > max_answer:
        raise ChildFailed(Failure.CRASHED, f"ended with status {code}")
    return answer


async def _exchange(child: asyncio.subprocess.Process, given: bytes, max_answer: int) -> bytes:
    """Hand over what it is given and read what it writes, one byte more than it may at most."""
    assert child.stdin is not None  # noqa: S101 - it is a pipe
    assert child.stdout is not None  # noqa: S101 - it is one too
    with suppress(ConnectionError):
        child.stdin.write(given)
        await child.stdin.drain()
        child.stdin.close()
    answer = bytearray()
    while len(answer) <= max_answer:
        part = await child.stdout.read(2**16)
        if not part:
            return bytes(answer)
        answer += part
    raise ChildFailed(Failure.CRASHED, "wrote more than it may")
