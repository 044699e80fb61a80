"""`tally up` as people start it: a process that says what it does and ends cleanly."""

import asyncio
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from tally.stack.certificates import authority_file
from tally.stack.folder import DataFolder
from tally.stack.mesh import FIRST_ADMIN, FIRST_ADMIN_SECRET
from tests.component.worker_agent.videos import write_video
from tests.meshes import OWN_SECRET, administrators_token

TALLY = Path(sys.prefix) / "bin" / "tally"
START_S = 90


async def tally_up(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        str(TALLY), "up", *arguments, stdout=PIPE, stderr=STDOUT
    )


async def line_with(process: Process, pattern: str, never: str = "\0") -> str:
    """Read the output up to a line that matches; no line on the way has `never` in it."""
    assert process.stdout is not None
    seen = []
    async with asyncio.timeout(START_S):
        async for raw in process.stdout:
            seen.append(raw.decode())
            assert never not in seen[-1]
            if re.search(pattern, seen[-1]):
                return seen[-1]
    raise AssertionError(f"no line like {pattern!r} in:\n{''.join(seen)}")


def processes_of(folder: Path) -> list[psutil.Process]:
    """Whoever still runs out of a data folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in argument for argument in process.info["cmdline"] or ())
    ]


async def stored(gateway: str, data: Path) -> dict[tuple[str, str], int]:
    """How many crossings a mesh has stored at each camera's lines, once there are any."""
    now = datetime.now(UTC)
    span = {"startTime": now - timedelta(hours=1), "endTime": now + timedelta(hours=1)}
    query = {name: moment.isoformat() for name, moment in span.items()}
    token = await administrators_token(gateway.removeprefix("http://"), DataFolder(data))
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=gateway, headers=headers) as http,
        asyncio.timeout(START_S),
    ):
        while True:
            answer = await http.get("/api/v1/analytics/lines", params=query)
            counts = Counter[tuple[str, str]]()
            for count in answer.raise_for_status().json()["counts"]:
                counts[count["cameraId"], count["line"]] += int(count["inCount"])
                counts[count["cameraId"], count["line"]] += int(count["outCount"])
            if counts.total():
                return counts
            await asyncio.sleep(0.2)


async def test_it_counts_ends_by_itself_and_keeps_its_data(tmp_path: Path) -> None:
    data, video = tmp_path / "data", write_video(tmp_path / "yard.mp4")
    arguments = ("--data", str(data), "--free-ports")
    first = await tally_up(*arguments, "--camera", f"Yard={video}", "--exit-after", "16")
    healthy = await line_with(first, r"all healthy after \d+\.\d s")
    await line_with(first, r"log in: tally login --gateway http://[\d.:]+ --email admin@localhost")
    shown = await line_with(first, "first password, shown this once: ")
    password = shown.rpartition(" ")[2].strip()
    await line_with(first, r"mesh: (\d+)/\1 serving")
    await line_with(first, r"Demo plaza: streaming, \d+\.\d frames/s; Promenade: \d+ \(true \d+\)")
    await line_with(first, r"Yard: ended")
    before = await stored(gateway_in(healthy), data)
    await line_with(first, r"Demo plaza: \d+ errors in \d+ true crossings")
    assert await first.wait() == 0

    second = await tally_up(*arguments, "--compact")
    healthy = await line_with(second, r"all healthy after \d+\.\d s")
    for url in re.findall(r"https?://[\d.:]+", healthy):
        await log_in(url, data)
    after = await stored(gateway_in(healthy), data)
    assert all(after[place] >= count for place, count in before.items())
    await line_with(second, r"mesh: (\d+)/\1 serving", never=password)
    await line_with(second, r"Demo plaza: streaming")
    second.send_signal(signal.SIGINT)
    await line_with(second, "the data is kept")
    assert await second.wait() == 0
    assert password == DataFolder(data).secret(FIRST_ADMIN_SECRET)
    assert not [log for log in (data / "logs").glob("*.log") if password in log.read_text()]
    assert processes_of(data) == []


async def log_in(url: str, data: Path) -> None:
    """As people do, at either port of the gateway."""
    environment = os.environ | {
        "TALLY_GATEWAY": url,
        "TALLY_CA": str(authority_file(DataFolder(data))),
        "XDG_CONFIG_HOME": str(data.parent / "config"),
    }
    login = ["login", "--email", FIRST_ADMIN, "--password-stdin"]
    for command in (login, ["users", "list", "--json"], ["logout"]):
        process = await asyncio.create_subprocess_exec(
            str(TALLY), *command, env=environment, stdin=PIPE, stdout=PIPE, stderr=STDOUT
        )
        output, _ = await process.communicate(DataFolder(data).secret(OWN_SECRET).encode())
        assert process.returncode == 0, output.decode()


def gateway_in(line: str) -> str:
    found = re.search(r"http://[\d.:]+", line)
    assert found
    return found[0]


async def test_a_taken_port_is_told_with_its_mend(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await tally_up("--data", str(tmp_path), "--port", str(taken.getsockname()[1]))
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert b"is taken" in output
    assert b"--free-ports" in output
    assert b"Traceback" not in output


@pytest.mark.parametrize(
    ("camera", "complaint"),
    [("nonsense", b"NAME=URL"), ("yard=/no/such/file.mp4", b"there is no file")],
)
async def test_a_camera_that_cannot_be_is_refused_before_anything_starts(
    tmp_path: Path, camera: str, complaint: bytes
) -> None:
    process = await tally_up("--data", str(tmp_path / "data"), "--camera", camera)
    output, _ = await process.communicate()
    assert process.returncode == 2
    assert complaint in output
    assert not (tmp_path / "data").exists()
