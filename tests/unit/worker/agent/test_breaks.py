"""A stream that breaks off and comes back soon is counted as if it had not; one that does not is settled."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tally.api.counting.v1 import count_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.backoff import Backoff
from tally.worker.agent import runner as runner_module
from tally.worker.agent.checkpoints import LONGEST_GAP, Checkpoints
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.runner import CameraRunner, Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.sources import SourceError, SourceErrorReason
from tally.worker.agent.status import StreamState
from tally.worker.agent.task import CameraTask
from tests.unit.worker.agent.scenes import (
    BEGAN,
    CAMERA_ID,
    FRAMES,
    WHOLE,
    OneDetector,
    Walk,
    WalkDetector,
    settled,
    task,
)

GONE = SourceError(SourceErrorReason.ENDED, "the camera closed the stream")
AWAY = SourceError(SourceErrorReason.UNREACHABLE, "the camera refused the connection")
FIRST_S = 0.002
LEFT = ("lower", 0, count_pb2.VISIT_KIND_EXIT)


class Camera:
    """One that breaks off as planned; time goes on only with its frames, and where a test says so.

    Args:
        folder: The worker's disk.
        streams: What each attempt to open it gives; after the last the camera is away.

    Attributes:
        now: What the worker's clock shows.
        reopening: How long each attempt but the first takes.
        attempts: How many were made.
        records: What was kept, each record once.
    """

    def __init__(self, folder: Path, streams: Iterable[FrameStream | SourceError]) -> None:
        self._streams = iter(streams)
        self.now = BEGAN
        self.reopening = timedelta()
        self.attempts = 0
        self.records: list[CountsRecorded] = []
        self.checkpoints = Checkpoints(folder / "checkpoints")
        self.surroundings = Surroundings(
            # Frames as much alike as these would be gated, and the one after a break be a leap.
            detectors=OneDetector(WalkDetector(stateful=True)),
            keep=self.keep,
            ended=EndedRecordings(folder / "ended"),
            checkpoints=self.checkpoints,
            send_picture=lambda picture: None,
            open=self.open,
            changed=lambda: None,
        )

    async def open(self, camera: CameraTask) -> FrameStream:
        self.now += self.reopening if self.attempts else timedelta()
        self.attempts += 1
        stream = next(self._streams, AWAY)
        if isinstance(stream, SourceError):
            raise stream
        return stream

    async def keep(self, record: CountsRecorded) -> None:
        self.now = max(self.now, record.end_time.ToDatetime(BEGAN.tzinfo))
        known = {(each.run_id, each.sequence): each for each in self.records}
        if (record.run_id, record.sequence) not in known:
            self.records.append(record)
        else:
            assert known[record.run_id, record.sequence] == record, "one id, two records"

    @property
    def inside(self) -> int:
        """How many are in the zone, as told last."""
        return self.records[-1].occupancies[0].count

    @asynccontextmanager
    async def counted(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CameraRunner]:
        def now() -> datetime:
            return self.now

        monkeypatch.setattr(runner_module, "utc_now", now)
        runner = CameraRunner(task(), self.surroundings)
        runner.start()
        try:
            yield runner
        finally:
            await runner.stop()

    async def tried(self, times: int) -> None:
        """Return when so many more attempts have been made."""
        wanted = self.attempts + times
        async with asyncio.timeout(10):
            while self.attempts < wanted:
                await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "Backoff", lambda: Backoff(FIRST_S, longest_s=2 * FIRST_S))


async def ended(runner: CameraRunner) -> None:
    async with asyncio.timeout(10):
        while runner.status.state is not StreamState.ENDED:
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("missed", [0, 4])
async def test_whenever_it_breaks_off_the_same_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missed: int
) -> None:
    for breaks in range(2, FRAMES - missed - 1, 2):
        camera = Camera(
            tmp_path / f"{breaks}", [Walk(0, breaks, error=GONE), AWAY, Walk(breaks + missed)]
        )
        async with camera.counted(monkeypatch) as runner:
            await ended(runner)
        assert settled(camera.records) == WHOLE
        assert sum(record.frames_processed for record in camera.records) == FRAMES - missed
        runs = [record.run_id for record in camera.records]
        assert len(set(runs)) == 2
        for run in set(runs):
            sequences = [each.sequence for each in camera.records if each.run_id == run]
            assert sequences == list(range(len(sequences)))


async def test_a_connection_without_a_frame_loses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [Walk(0, 25, error=GONE), Walk(26, 26, error=GONE), Walk(27)]
    camera = Camera(tmp_path, streams)
    async with camera.counted(monkeypatch) as runner:
        await ended(runner)
    assert settled(camera.records) == WHOLE


async def test_nobody_is_inside_when_it_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path, [Walk(0, 48, error=GONE)])
    async with camera.counted(monkeypatch):
        await camera.tried(3)
        assert camera.inside == 1
        camera.now += LONGEST_GAP
        await camera.tried(2)
        assert camera.inside == 0
        assert settled(camera.records) == WHOLE
        assert camera.checkpoints.read(CAMERA_ID) is None


async def test_who_comes_back_late_meets_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path, [Walk(0, 48, error=GONE), Walk(48)])
    camera.reopening = LONGEST_GAP + timedelta(seconds=1)
    async with camera.counted(monkeypatch) as runner:
        await ended(runner)
    first = [each for each in camera.records if each.run_id == camera.records[0].run_id]
    assert settled(first) == WHOLE
    assert first[-1].occupancies[0].count == 0


async def test_another_size_of_pictures_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path, [Walk(0, 48, error=GONE), Walk(48, width=80)])
    async with camera.counted(monkeypatch) as runner:
        await ended(runner)
    first = [each for each in camera.records if each.run_id == camera.records[0].run_id]
    assert settled(first) == WHOLE


async def test_a_camera_that_is_given_up_while_it_is_away_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path, [Walk(0, 48, error=GONE)])
    async with camera.counted(monkeypatch):
        await camera.tried(3)
        assert LEFT not in settled(camera.records)
    assert settled(camera.records) == WHOLE
    assert camera.inside == 0


async def test_pauses_are_short_again_after_a_stream_that_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    class Noted(Backoff):
        def next_s(self) -> float:
            pauses.append(super().next_s())
            return pauses[-1]

    monkeypatch.setattr(runner_module, "Backoff", lambda: Noted(FIRST_S))
    camera = Camera(tmp_path, [AWAY, AWAY, AWAY, AWAY, Walk(0, 20, error=GONE), Walk(21)])
    async with camera.counted(monkeypatch) as runner:
        await ended(runner)
    assert len(pauses) == 5
    assert pauses[3] >= 4 * FIRST_S
    assert pauses[4] <= FIRST_S
