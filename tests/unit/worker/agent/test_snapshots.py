"""A snapshot is the next frame, with nobody recognisable in it unless that is asked for."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tally.api.camera.v1 import stream_pb2
from tally.api.camera.v1.snapshot_pb2 import Snapshot
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.api.worker.v1.requests_pb2 import SnapshotRequest
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.detector import DetectorUnavailable
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy, presentable
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.runner import Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.snapshots import Snapshots
from tally.worker.agent.sources import Frame, Image, SourceError, SourceErrorReason, SourceInfo
from tally.worker.agent.status import StreamState
from tally.worker.agent.task import CameraTask
from tests.unit.worker.agent.scenes import (
    BEGAN,
    CAMERA_ID,
    FPS,
    OneDetector,
    WalkDetector,
    WalkSource,
    streamed,
    task,
)

HEIGHT, WIDTH = 480, 640
NOISE = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
PERSON, DOG, NOBODY = 0.45, 0.75, 0.2
"""Where the middles of what walks are, in the picture's width; nobody walks at the last."""
RIGHT_STRIP = ((0.9, 0.0), (1.0, 0.0), (1.0, 1.0), (0.9, 1.0))
REQUEST = SnapshotRequest(camera_id=CAMERA_ID, max_width=WIDTH)


class NoisySource(WalkSource):
    """The walk over ground so rough that one sees where it was smoothed."""

    def __init__(self, *, frames: int = 10_000, live: bool = True) -> None:
        super().__init__(frames, live=live, pause_s=0.005)
        self.info = SourceInfo(WIDTH, HEIGHT, float(FPS), None, live)

    def frames(self) -> Generator[Frame, None, None]:
        for frame in super().frames():
            image = NOISE.copy()
            image[0, 0] = frame.image[0, 0]
            yield replace(frame, image=image)


class World:
    """One camera and who takes its snapshots."""

    def __init__(self, folder: Path, detector: WalkDetector, source: WalkSource) -> None:
        self._source = source
        surroundings = Surroundings(
            detectors=OneDetector(detector),
            keep=self.keep,
            ended=EndedRecordings(folder),
            checkpoints=Checkpoints(folder / "checkpoints"),
            send_picture=lambda picture: None,
            changed=lambda: None,
            open=self.open,
        )
        self.cameras = Cameras(surroundings)
        self.snapshots = Snapshots(self.cameras, lambda: BEGAN + timedelta(hours=1), wait_s=0.2)

    async def open(self, _: CameraTask) -> FrameStream:
        return streamed(self._source)

    async def keep(self, record: CountsRecorded) -> None:
        pass

    async def until(self, state: StreamState) -> None:
        async with asyncio.timeout(10):
            while not any(camera.status.state is state for camera in self.cameras):
                await asyncio.sleep(0.005)

    async def snapshot(self, **changes: object) -> Snapshot:
        request = SnapshotRequest(camera_id=CAMERA_ID, max_width=WIDTH, **changes)  # type: ignore[arg-type]  # each test knows its fields
        reply = await self.snapshots(request)
        assert reply.HasField("snapshot"), reply
        return reply.snapshot


@asynccontextmanager
async def world(
    folder: Path,
    camera: CameraTask | None = None,
    *,
    detector: WalkDetector | None = None,
    source: WalkSource | None = None,
) -> AsyncIterator[World]:
    made = World(folder, detector or WalkDetector(), source or NoisySource())
    await made.cameras.assign([camera or task()])
    try:
        yield made
    finally:
        await made.cameras.stop()


def decoded(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


def is_rough(image: Image, x: float) -> bool:
    """Whether a column of the picture is as rough as the ground all the way down."""
    column = image[:, round(x * WIDTH) - 4 : round(x * WIDTH) + 4].astype(int)
    steps = np.abs(np.diff(column, axis=0)).mean(axis=(1, 2))
    # Cells of one colour have steps at their edges alone.
    return not bool((np.convolve(steps, np.ones(6) / 6, "valid") < 10).any())


async def test_whoever_is_found_is_hidden_and_the_rest_is_shown(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.until(StreamState.STREAMING)
        image = decoded((shown := await here.snapshot()).jpeg)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert shown.people_hidden
    assert shown.detector == "walk"
    assert [is_rough(image, x) for x in (PERSON, DOG, NOBODY)] == [False, True, True]


async def test_people_are_hidden_where_they_do_not_count(tmp_path: Path) -> None:
    async with world(tmp_path, task(classes=("dog",))) as here:
        await here.until(StreamState.STREAMING)
        image = decoded((await here.snapshot()).jpeg)
    assert [is_rough(image, x) for x in (PERSON, DOG, NOBODY)] == [False, False, True]


async def test_nobody_is_shown_while_the_detector_cannot_say_where_people_are(
    tmp_path: Path,
) -> None:
    # The run has the first sequence, the snapshot the second.
    detector = WalkDetector(fails=lambda call: len(detector.sequences) > 1)
    async with world(tmp_path, detector=detector) as here:
        await here.until(StreamState.STREAMING)
        with pytest.raises(DetectorUnavailable):
            await here.snapshot()


async def test_people_are_shown_to_who_asks_for_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.until(StreamState.STREAMING)
        image = decoded((shown := await here.snapshot(show_people=True)).jpeg)
    assert not shown.people_hidden
    assert is_rough(image, PERSON)


async def test_a_camera_can_hide_people_from_everybody(tmp_path: Path) -> None:
    camera = task(privacy=Privacy(always_hides_people=True))
    async with world(tmp_path, camera) as here:
        await here.until(StreamState.STREAMING)
        image = decoded((shown := await here.snapshot(show_people=True)).jpeg)
    assert shown.people_hidden
    assert [is_rough(image, x) for x in (PERSON, DOG, NOBODY)] == [False, True, True]


@pytest.mark.parametrize("overlays", [False, True])
async def test_nobody_sees_what_is_in_an_area(tmp_path: Path, overlays: bool) -> None:
    camera = task(privacy=Privacy(areas=(RIGHT_STRIP,)))
    async with world(tmp_path, camera) as here:
        await here.until(StreamState.STREAMING)
        image = decoded((await here.snapshot(show_people=True, overlays=overlays)).jpeg)
    # JPEG's blocks of 16 pixels have ripples where black begins; the line goes on below.
    assert image[: HEIGHT // 2 - 32, round(0.9 * WIDTH) + 16 :].max() < 30
    assert is_rough(image, NOBODY)


async def test_lines_zones_and_counts_are_drawn_on_request(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.until(StreamState.STREAMING)
        drawn = decoded((await here.snapshot(show_people=True, overlays=True)).jpeg)
    line = drawn[HEIGHT // 2, WIDTH // 10 : WIDTH // 3]
    assert line.mean() > 240


async def test_a_live_frame_has_its_age_and_a_recordings_has_none(tmp_path: Path) -> None:
    async with world(tmp_path / "live") as here:
        await here.until(StreamState.STREAMING)
        shown = await here.snapshot()
    taken = shown.capture_time.ToDatetime(BEGAN.tzinfo)
    assert shown.age.ToTimedelta() == BEGAN + timedelta(hours=1) - taken
    async with world(tmp_path / "file", source=NoisySource(live=False)) as here:
        await here.until(StreamState.STREAMING)
        assert not (await here.snapshot()).HasField("age")


async def test_without_a_frame_the_reason_is_told(tmp_path: Path) -> None:
    error = SourceError(SourceErrorReason.REFUSED, "the camera refused the connection")
    async with world(tmp_path, source=WalkSource(0, live=True, error=error)) as here:
        await here.until(StreamState.UNREACHABLE)
        missing = (await here.snapshots(REQUEST)).missing
        assert missing.state == stream_pb2.STREAM_STATE_UNREACHABLE
        assert missing.reason == "the camera refused the connection"
        stranger = SnapshotRequest(camera_id="0190a5b2-0000-7000-8000-000000000009")
        assert "another worker" in (await here.snapshots(stranger)).missing.reason
    async with world(tmp_path, source=WalkSource(1, live=True, linger=True)) as here:
        await here.until(StreamState.STREAMING)
        missing = (await here.snapshots(REQUEST)).missing
        assert missing.state == stream_pb2.STREAM_STATE_STREAMING
        assert "no frame came" in missing.reason


def test_boxes_may_lie_anywhere() -> None:
    boxes = np.array(
        [[-1, -1, 0.1, 0.1], [0.9, 0.9, 2, 2], [1.5, 0, 2, 1], [0.5, 0.5, 0.5, 0.5]], np.float32
    )
    hidden = presentable(NOISE, NOTHING_HIDDEN, boxes)
    assert hidden.shape == NOISE.shape
    changed = (hidden != NOISE).any(axis=2)
    assert changed[:40, :60].mean() > 0.9
    assert changed[-40:, -60:].mean() > 0.9
    assert not changed[200:300, 250:400].any()
