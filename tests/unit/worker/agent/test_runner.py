"""A camera is counted for as long as it is assigned."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.backoff import Backoff
from tally.worker.agent import runner as runner_module
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.checkpoints import Checkpoint, Checkpoints
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.runner import CameraRunner, Surroundings
from tally.worker.agent.runs import EndedRecordings, run_id
from tally.worker.agent.sources import SourceError, SourceErrorReason, VideoSource
from tally.worker.agent.spool import SpoolFull
from tally.worker.agent.status import StreamState
from tally.worker.agent.task import CameraTask
from tests.unit.worker.agent.scenes import OneDetector, WalkDetector, WalkSource, streamed, task

UNREACHABLE = SourceError(SourceErrorReason.UNREACHABLE, "the camera refused the connection")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "Backoff", lambda: Backoff(first_s=0.01, longest_s=0.02))


class World:
    """Surroundings that remember what happens."""

    def __init__(self, folder: Path, open_source: Callable[[CameraTask], VideoSource]) -> None:
        self._open_source = open_source
        self.records: list[CountsRecorded] = []
        self.refuse: Exception | None = None
        self.states: list[tuple[StreamState, str]] = []
        self.changed = asyncio.Condition()
        self.surroundings = Surroundings(
            detectors=OneDetector(WalkDetector()),
            keep=self.keep,
            ended=EndedRecordings(folder),
            checkpoints=Checkpoints(folder / "checkpoints"),
            send_picture=lambda picture: None,
            changed=lambda: None,
            open=self.open,
        )

    async def open(self, camera: CameraTask) -> FrameStream:
        return streamed(self._open_source(camera))

    async def keep(self, record: CountsRecorded) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.records.append(record)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[CameraRunner]:
        runner = CameraRunner(task(), self.surroundings)
        runner.start()
        try:
            yield runner
        finally:
            await runner.stop()


async def until(runner: CameraRunner, state: StreamState) -> None:
    async with asyncio.timeout(10):
        while runner.status.state is not state:
            await asyncio.sleep(0.005)


async def test_a_recording_is_read_once(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: WalkSource())
    async with world.running() as runner:
        await until(runner, StreamState.ENDED)
        assert runner.status.figures.frames_processed == 50
    counted = list(world.records)
    async with world.running() as runner:
        await until(runner, StreamState.ENDED)
    assert world.records == counted


async def test_a_dead_stream_is_tried_again_and_says_why(tmp_path: Path) -> None:
    attempts = 0

    def open_source(_: CameraTask) -> VideoSource:
        nonlocal attempts
        attempts += 1
        if attempts < 4:
            raise UNREACHABLE
        return WalkSource(live=True, linger=True)

    world = World(tmp_path, open_source)
    async with world.running() as runner:
        await until(runner, StreamState.UNREACHABLE)
        assert runner.status.reason == str(UNREACHABLE)
        await until(runner, StreamState.STREAMING)
        assert runner.status.reason == ""
    assert attempts == 4


async def test_each_connection_of_a_live_stream_is_a_run_of_its_own(tmp_path: Path) -> None:
    sources = iter(
        [WalkSource(live=True, error=UNREACHABLE), WalkSource(live=True, frames=20, linger=True)]
    )
    world = World(tmp_path, lambda _: next(sources))
    async with world.running() as runner:
        async with asyncio.timeout(10):
            while len({record.run_id for record in world.records}) < 2:
                await asyncio.sleep(0.005)
        await until(runner, StreamState.STREAMING)
    last_of_first = [each for each in world.records if each.run_id == world.records[0].run_id][-1]
    assert last_of_first.occupancies[0].count == 0


async def test_a_run_that_is_ended_while_a_record_is_kept_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, lambda _: WalkSource(live=True, linger=True))
    writing, ended = asyncio.Event(), asyncio.Event()
    write = Checkpoints.write

    async def slowly(self: Checkpoints, checkpoint: Checkpoint) -> None:
        writing.set()
        await ended.wait()
        await write(self, checkpoint)

    monkeypatch.setattr(Checkpoints, "write", slowly)
    async with world.running() as runner:
        await asyncio.wait_for(writing.wait(), 10)
        stopping = asyncio.create_task(runner.stop())
        await asyncio.sleep(0)
        ended.set()
        await stopping
    assert [record.sequence for record in world.records] == list(range(len(world.records)))
    counted = sum(record.frames_processed for record in world.records)
    assert counted == runner.status.figures.frames_processed > 0


async def test_a_full_spool_stops_counting_until_there_is_room(tmp_path: Path) -> None:
    world = World(tmp_path, lambda _: WalkSource())
    world.refuse = SpoolFull("the spool holds all it may")
    async with world.running() as runner:
        await until(runner, StreamState.UNREACHABLE)
        assert "spool" in runner.status.reason
        world.refuse = None
        await until(runner, StreamState.ENDED)
    assert sum(record.frames_processed for record in world.records) == 50


async def test_a_changed_configuration_begins_a_run_and_a_changed_name_does_not(
    tmp_path: Path,
) -> None:
    opened = []

    def open_source(camera: CameraTask) -> VideoSource:
        opened.append(camera.config_version)
        return WalkSource(live=True, linger=True)

    cameras = Cameras(World(tmp_path, open_source).surroundings)
    await cameras.assign([task()])
    (first,) = cameras
    await until(first, StreamState.STREAMING)
    await cameras.assign([task(name="plaza", epoch=2, site_id="s", sealed_credentials=b"x")])
    (second,) = cameras
    assert second is first
    assert (second.task.name, second.task.epoch) == ("plaza", 2)
    await cameras.assign([task(config_version=4)])
    (third,) = cameras
    await until(third, StreamState.STREAMING)
    await cameras.stop()
    assert not list(cameras)
    assert opened == [3, 4]


def test_a_recording_has_one_run_id_for_each_content(tmp_path: Path) -> None:
    file = tmp_path / "walk one.mp4"
    file.write_bytes(b"video")
    camera = task(uri=f"file://{tmp_path}/walk%20one.mp4")
    first = run_id(camera, live=False)
    assert run_id(camera, live=False) == first
    assert run_id(camera, live=True) != run_id(camera, live=True)
    file.write_bytes(b"another video")
    assert run_id(camera, live=False) != first


def test_pauses_grow_and_vary() -> None:
    backoff = Backoff(first_s=1, longest_s=30)
    pauses = [backoff.next_s() for _ in range(10)]
    assert 0.5 <= pauses[0] <= 1
    assert all(15 <= pause <= 30 for pause in pauses[5:])
    assert len(set(pauses)) == 10
    backoff.reset()
    assert backoff.next_s() <= 1
