"""Server processes are watched, started again, and leave nothing behind, whoever dies first."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from tally.stack.errors import StackError
from tally.stack.folder import free_port
from tally.stack.probe import first_line
from tally.stack.process import Command, ServerProcess, end_leftovers

GREETER = """
import pathlib, socket, subprocess, sys
port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
if sys.argv[3:] == ["helper"]:
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "helper").write_text(str(helper.pid))
server = socket.create_server(("127.0.0.1", port))
while True:
    connection, _ = server.accept()
    connection.sendall((folder / "answer").read_bytes())
    connection.close()
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
PARENT = """
import asyncio, os, pathlib, signal, sys
from tally.stack.process import Command, ServerProcess

async def main():
    log = pathlib.Path(sys.argv[1])

    async def has_written():
        return log.stat().st_size > 0

    process = ServerProcess("child", Command(sys.argv[2:], {}), log, has_written, mend="")
    await process.start()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
async def greeter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServerProcess]:
    """A process that serves a greeting, watched closely, not started yet."""
    monkeypatch.setattr("tally.stack.process.HEALTH_PERIOD_S", 0.05)
    monkeypatch.setattr("tally.stack.process.HEALTH_TIMEOUT_S", 0.3)
    process = greeter_in(tmp_path)
    yield process
    await process.stop()


def greeter_in(folder: Path, *arguments: str) -> ServerProcess:
    port = free_port()
    (folder / "answer").write_text("hello\n")

    async def greets() -> bool:
        return await first_line(f"127.0.0.1:{port}") == b"hello\n"

    command = Command([sys.executable, "-c", GREETER, str(port), str(folder), *arguments], {})
    return ServerProcess("greeter", command, folder / "greeter.log", greets, mend="be polite")


def failing(folder: Path, code: str, start_timeout_s: float) -> ServerProcess:
    async def never() -> bool:
        return False

    command = Command([sys.executable, "-c", code], {})
    log = folder / "failing.log"
    return ServerProcess("failing", command, log, never, "do better", start_timeout_s)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_killed_process_is_started_again(greeter: ServerProcess) -> None:
    await greeter.start()
    assert greeter.state == "serving"
    victim = greeter.pid
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    await until(lambda: greeter.restarts == 1 and greeter.state == "serving")
    assert greeter.pid not in (None, victim)
    assert "greeter ended with status -9, will be started again" in greeter.log.read_text()


async def test_a_process_that_runs_but_does_not_answer_is_down(
    greeter: ServerProcess, tmp_path: Path
) -> None:
    await greeter.start()
    (tmp_path / "answer").write_text("go away\n")
    await until(lambda: greeter.state == "down")
    assert greeter.pid is not None
    (tmp_path / "answer").write_text("hello\n")
    await until(lambda: greeter.state == "serving")
    assert greeter.restarts == 0


async def test_a_process_that_is_frozen_is_down(greeter: ServerProcess) -> None:
    await greeter.start()
    frozen = psutil.Process(greeter.pid)
    frozen.suspend()
    await until(lambda: greeter.state == "down")
    frozen.resume()
    await until(lambda: greeter.state == "serving")


async def test_memory_is_measured_while_it_runs(greeter: ServerProcess) -> None:
    assert greeter.memory_bytes() is None
    await greeter.start()
    assert (greeter.memory_bytes() or 0) > 1_000_000
    await greeter.stop()
    assert greeter.memory_bytes() is None
    assert greeter.state == "stopped"


async def test_a_process_comes_back_once_it_can_be_started_again(
    greeter: ServerProcess, tmp_path: Path
) -> None:
    log = greeter.log = tmp_path / "logs" / "greeter.log"
    log.parent.mkdir()
    await greeter.start()
    assert greeter.pid is not None
    log.parent.rename(tmp_path / "away")
    os.kill(greeter.pid, signal.SIGKILL)
    await until(lambda: greeter.restarts >= 1 and greeter.state == "down")
    (tmp_path / "away").rename(log.parent)
    await until(lambda: greeter.state == "serving")


async def test_a_log_does_not_grow_for_ever(
    greeter: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.stack.process.LOG_BYTES", 1000)
    await greeter.start()
    with greeter.log.open("a") as log:
        log.write("early\n" * 1000)
    moved = greeter.log.with_name("greeter.old.log")
    await until(lambda: moved.exists() and greeter.log.stat().st_size == 0)
    assert moved.read_text().count("early") == 1000


@pytest.mark.parametrize("end", ["stop", "die"])
async def test_helpers_of_a_process_end_with_it(tmp_path: Path, end: str) -> None:
    process = greeter_in(tmp_path, "helper")
    await process.start()
    helper = int((tmp_path / "helper").read_text())
    assert runs(helper)
    if end == "die":
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: process.restarts == 1)
    await process.stop()
    await until(lambda: not runs(helper))


async def test_a_process_that_has_lost_a_helper_it_needs_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.stack.process.HEALTH_PERIOD_S", 0.05)
    process = greeter_in(tmp_path, "helper")
    process.needs_children = True
    await process.start()
    first, helper = process.pid, int((tmp_path / "helper").read_text())
    os.kill(helper, signal.SIGKILL)
    await until(lambda: process.restarts == 1 and process.state == "serving")
    assert process.pid not in (None, first)
    assert runs(int((tmp_path / "helper").read_text()))
    assert "has lost a process that it needs" in process.log.read_text()
    await process.stop()


async def test_a_process_may_lose_helpers_that_it_does_not_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.stack.process.HEALTH_PERIOD_S", 0.05)
    process = greeter_in(tmp_path, "helper")
    await process.start()
    os.kill(int((tmp_path / "helper").read_text()), signal.SIGKILL)
    (tmp_path / "answer").write_text("go away\n")
    await until(lambda: process.state == "down")  # so it has been looked at since
    assert process.restarts == 0
    await process.stop()


async def test_what_a_process_leaves_behind_is_removed_however_it_ends(
    greeter: ServerProcess, tmp_path: Path
) -> None:
    left = tmp_path / "left"
    found: list[bool] = []

    def clean_up() -> None:
        found.append(left.exists())
        left.unlink(missing_ok=True)

    greeter.clean_up = clean_up
    left.touch()
    await greeter.start()
    assert greeter.pid is not None
    left.touch()
    os.kill(greeter.pid, signal.SIGKILL)
    await until(lambda: greeter.restarts == 1 and greeter.state == "serving")
    left.touch()
    await greeter.stop()
    assert found == [True, True, True]
    assert not left.exists()


async def test_a_process_that_ends_while_starting_is_told_with_its_log(tmp_path: Path) -> None:
    broken = failing(tmp_path, "raise SystemExit('no such animal')", start_timeout_s=30)
    with pytest.raises(StackError, match="ended with status 1") as caught:
        await broken.start()
    assert caught.value.mend == "do better"
    assert "no such animal" in caught.value.log_tail


async def test_a_process_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    slow = failing(tmp_path, "import time; time.sleep(60)", start_timeout_s=0.2)
    with pytest.raises(StackError, match=r"not ready after 0\.2 s"):
        await slow.start()
    assert slow.pid is None
    assert slow.state == "down"


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    missing = failing(tmp_path, "", start_timeout_s=30)
    missing.command = Command(["/no/such/program"], {})
    with pytest.raises(StackError, match="ended with status 1") as caught:
        await missing.start()
    assert caught.value.log_tail == "/no/such/program cannot be run: No such file or directory"


async def start_child_of_a_killed_parent(log: Path, *command: str) -> int:
    """Start `command` from a process that then kills itself; return the id noted beside the log."""
    code = await asyncio.to_thread(
        subprocess.call, [sys.executable, "-c", PARENT, str(log), *command], timeout=60
    )
    assert code == -signal.SIGKILL
    return int(log.with_suffix(".pid").read_text().split()[0])


async def test_a_process_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    child = await start_child_of_a_killed_parent(
        tmp_path / "child.log", sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"
    )  # fmt: skip
    await until(lambda: not runs(child))


async def test_leftovers_of_a_killed_parent_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.stack.process.STOP_GRACE_S", 0.2)
    child = await start_child_of_a_killed_parent(
        tmp_path / "child.log", sys.executable, "-c", STUBBORN
    )
    assert runs(child)
    await end_leftovers(tmp_path)
    await until(lambda: not runs(child))
    assert list(tmp_path.glob("*.pid")) == []


async def test_a_stranger_with_a_leftovers_id_is_spared(
    greeter: ServerProcess, tmp_path: Path
) -> None:
    await greeter.start()
    (tmp_path / "greeter.pid").write_text(f"{greeter.pid} 1.0")
    await end_leftovers(tmp_path)
    assert await greeter.probe()
