"""Sources read in decoder processes: the same frames, and whatever kills a process kills only its own cameras."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Generator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.decoding import Decoders
from tally.worker.agent.decoding.stream import DecodedStream
from tally.worker.agent.runner import CameraRunner, Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.sources import (
    Frame,
    Pace,
    SourceError,
    SourceErrorReason,
    SourceInfo,
    open_source,
)
from tally.worker.agent.status import StreamState
from tally.worker.agent.task import CameraTask
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.videos import number_of, write_video
from tests.unit.worker.agent.scenes import OneDetector, WalkDetector, task

SCENE = partial(open_source, "demo://plaza?width=160&height=90&fps=20")


@pytest_asyncio.fixture
async def decoders() -> AsyncIterator[Decoders]:
    decoders = Decoders(group=2)
    yield decoders
    await decoders.close()
    assert not decoders.processes


async def test_every_frame_of_a_recording_arrives_as_it_is(
    decoders: Decoders, tmp_path: Path
) -> None:
    path = write_video(tmp_path / "a.mp4", frames=40)
    opening = partial(open_source, str(path), pace=Pace.AS_FAST_AS_POSSIBLE)
    stream = await decoders.open("a", opening)
    assert stream.info == opening().info
    frames = await _rest_of(stream)
    direct = list(opening().frames())
    assert [frame.time_s for frame in frames] == [frame.time_s for frame in direct]
    assert all((a.image == b.image).all() for a, b in zip(frames, direct, strict=True))
    assert (stream.dropped, stream.corrupt) == (0, 0)
    await stream.stop()


async def test_of_live_video_the_newest_frame_arrives(decoders: Decoders) -> None:
    with MjpegServer(frames=40, interval_s=0.01, then_silent=True) as server:
        stream = await decoders.open(
            "a", partial(open_source, f"{server.address}/stream", timeout_s=0.5)
        )
        newest = 0
        while newest < 39:
            await asyncio.sleep(0.05)  # slower than the camera
            frame = await stream.get()
            assert frame is not None
            assert number_of(frame.image) > newest or newest == 0
            newest = number_of(frame.image)
        assert stream.dropped > 20
        await stream.stop()


async def test_why_a_source_does_not_open_is_told(decoders: Decoders, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere") as caught:
        await decoders.open("a", partial(open_source, str(tmp_path / "nowhere.mp4")))
    assert caught.value.reason is SourceErrorReason.NOT_FOUND


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
async def test_a_killed_process_takes_its_own_cameras_alone(
    decoders: Decoders, number: signal.Signals
) -> None:
    first, second, third = [await decoders.open(name, SCENE) for name in "abc"]
    struck, spared = [await process.pid() for process in decoders.processes]
    os.kill(struck, number)
    for stream in (first, second):
        with pytest.raises(SourceError, match=number.name) as caught:
            await _rest_of(stream)
        assert caught.value.reason is SourceErrorReason.DECODER_FAILED
        await stream.stop()
    for _ in range(3):
        assert await third.get() is not None
    assert [await process.pid() for process in decoders.processes] == [spared]
    await third.stop()
    assert not _exists(struck)


async def test_whoever_was_there_when_a_process_died_gets_one_to_itself(decoders: Decoders) -> None:
    streams = [await decoders.open(name, SCENE) for name in "ab"]
    await _kill_all(decoders)
    for stream in streams:
        with pytest.raises(SourceError):
            await _rest_of(stream)
        await stream.stop()
    again = [await decoders.open(name, SCENE) for name in "abcd"]
    groups = sorted(sorted(process.cameras) for process in decoders.processes)
    assert groups == [["a"], ["b"], ["c", "d"]]
    for stream in again:
        assert await stream.get() is not None
        await stream.stop()


@pytest.mark.parametrize("way", ["segfault", "exhaust"])
async def test_what_a_video_does_to_its_decoder_stays_there(decoders: Decoders, way: str) -> None:
    spared = await decoders.open("a", SCENE)
    other = await decoders.open("b", SCENE)
    with pytest.raises(SourceError) as caught:
        await _rest_of(await decoders.open("c", partial(HostileSource, way)))
    assert caught.value.reason is SourceErrorReason.DECODER_FAILED
    for stream in (spared, other):
        assert await stream.get() is not None
        await stream.stop()


async def test_a_camera_says_why_it_broke_off_and_goes_on_in_a_new_run(
    decoders: Decoders, tmp_path: Path
) -> None:
    records: list[CountsRecorded] = []
    reasons: list[str] = []

    async def keep(record: CountsRecorded) -> None:
        records.append(record)

    async def open_task(task: CameraTask) -> DecodedStream:
        return await decoders.open(task.camera_id, SCENE)

    surroundings = Surroundings(
        detectors=OneDetector(WalkDetector()),
        keep=keep,
        ended=EndedRecordings(tmp_path),
        checkpoints=Checkpoints(tmp_path / "checkpoints"),
        send_picture=lambda picture: None,
        changed=lambda: reasons.append(runner.status.reason),
        open=open_task,
    )
    runner = CameraRunner(task(), surroundings)
    runner.start()
    async with asyncio.timeout(60):
        while runner.status.state is not StreamState.STREAMING:
            await asyncio.sleep(0.01)
        await _kill_all(decoders)
        while len({record.run_id for record in records}) < 2:
            await asyncio.sleep(0.01)
    await runner.stop()
    assert [reason for reason in reasons if "ended by SIGKILL" in reason]


async def test_a_process_without_cameras_ends(decoders: Decoders) -> None:
    stream = await decoders.open("a", SCENE)
    pid = await decoders.processes[0].pid()
    await stream.stop()
    async with asyncio.timeout(5):
        while _exists(pid):
            await asyncio.sleep(0.01)


def test_nothing_outlives_a_worker_that_is_killed() -> None:
    shared = sorted(os.listdir("/dev/shm"))
    with subprocess.Popen(
        [sys.executable, "-m", "tests.component.worker_agent.lonely_worker"],
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        decoder = int(worker.stdout.readline())
        assert _exists(decoder)
        worker.kill()
    deadline = time.monotonic() + 10
    while _exists(decoder):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert sorted(os.listdir("/dev/shm")) == shared


class HostileSource:
    """A video that has found a hole in its decoder."""

    def __init__(self, way: str) -> None:
        self._way = way
        self.info = SourceInfo(64, 48, 10.0, None, live=True)
        self.corrupt_frames = 0

    def frames(self) -> Generator[Frame, None, None]:
        if self._way == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        taken = []
        while True:
            taken.append(bytes(2**30))
        yield

    def close(self) -> None:
        return


async def _rest_of(stream: DecodedStream) -> list[Frame]:
    frames = []
    while (frame := await stream.get()) is not None:
        frames.append(frame)
    return frames


async def _kill_all(decoders: Decoders) -> None:
    for process in decoders.processes:
        os.kill(await process.pid(), signal.SIGKILL)


def _exists(pid: int) -> bool:
    """Whether a process is there, zombies included."""
    return Path(f"/proc/{pid}").exists()
