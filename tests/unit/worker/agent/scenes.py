"""A source and a detector that agree on a scene: one object walks down the picture, across a line."""

import asyncio
import threading
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from tally.api.counting.v1 import count_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.counting import Detections, Line, Zone
from tally.worker.agent.detector import Detector, DetectorSequence, DetectorUnavailable
from tally.worker.agent.reader import FrameReader
from tally.worker.agent.sources import Frame, Image, Pace, SourceError, SourceInfo, VideoSource
from tally.worker.agent.task import CameraTask

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"
FPS = 10
FRAMES = 50


def task(**changes: object) -> CameraTask:
    """A camera with a line that the object crosses inwards, and a zone behind it."""
    values: dict[str, object] = {
        "camera_id": CAMERA_ID,
        "name": "square",
        "epoch": 1,
        "config_version": 3,
        "uri": "test://walk",
        "pace": Pace.REALTIME,
        "lines": (Line("middle", ((0.0, 0.5), (1.0, 0.5))),),
        "zones": (Zone("lower", ((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0))),),
        "detector": "",
        "classes": (),
        "activate_time": BEGAN,
    }
    return CameraTask(**(values | changes))  # type: ignore[arg-type]  # each test knows its fields


class WalkSource:
    """Frames whose first pixel says where the object's feet are, in percent of the height.

    Args:
        frames: How many.
        live: Whether it counts as live.
        error: Raised after the last frame.
        linger: Whether to stay silent after the last frame until closed.
        pause_s: Between two frames of a live source.
    """

    def __init__(
        self,
        frames: int = 50,
        *,
        live: bool = False,
        error: SourceError | None = None,
        linger: bool = False,
        pause_s: float = 0.002,
    ) -> None:
        self.info = SourceInfo(64, 48, float(FPS), frames, live)
        self.corrupt_frames = 0
        self._frames = frames
        self._error = error
        self._linger = linger
        self._pause_s = pause_s
        self._closing = threading.Event()

    def frames(self) -> Generator[Frame, None, None]:
        for index in range(self._frames):
            if self._closing.is_set():
                return
            image = np.zeros((48, 64, 3), np.uint8)
            image[0, 0, 0] = 25 + 70 * index // self._frames
            time_s = index / FPS
            yield Frame(index, time_s, BEGAN + timedelta(seconds=time_s), image)
            if self.info.live:
                self._closing.wait(self._pause_s)
        if self._linger:
            self._closing.wait()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self._closing.set()


class Walk:
    """The frames of `WalkSource` that a live stream shows which is opened at one of them.

    Args:
        first: The first one shown.
        last: The first one not shown any more.
        error: Raised then.
        width: Of the picture.
    """

    def __init__(
        self, first: int, last: int = FRAMES, *, error: SourceError | None = None, width: int = 64
    ) -> None:
        self.info = SourceInfo(width, 48, float(FPS), None, live=True)
        self.dropped = self.corrupt = 0
        self._first = self._next = first
        self._last = last
        self._error = error

    async def ready(self) -> None:
        return

    async def get(self) -> Frame | None:
        if self._next == self._last:
            if self._error is not None:
                raise self._error
            return None
        image = np.zeros((48, 64, 3), np.uint8)
        image[0, 0, 0] = 25 + 70 * self._next // FRAMES
        moment = BEGAN + timedelta(seconds=self._next / FPS)
        frame = Frame(self._next, (self._next - self._first) / FPS, moment, image)
        self._next += 1
        return frame

    async def stop(self) -> None:
        return


class WalkDetector:
    """Sees the object where the frame says it is.

    Args:
        stateful: Whether it claims to remember frames.
        fails: Tells, by the number of the call, whether the call fails.
    """

    name = "walk"
    classes: Sequence[str] = ("dog", "person")

    def __init__(
        self, *, stateful: bool = False, fails: Callable[[int], bool] = lambda call: False
    ) -> None:
        self.stateful = stateful
        self.turns = asyncio.Semaphore(4)
        self.calls = 0
        self.sequences: list[int] = []
        self._fails = fails

    def sequence(self, number: int) -> DetectorSequence:
        self.sequences.append(number)
        return WalkSequence(self)

    async def look(self, frame: Image) -> Detections:
        self.calls += 1
        if self._fails(self.calls):
            raise DetectorUnavailable("the detector is away")
        foot = frame[0, 0, 0] / 100
        return Detections(
            np.array([[0.4, foot - 0.2, 0.5, foot], [0.7, foot - 0.2, 0.8, foot]], np.float32),
            np.array([0.9, 0.9], np.float32),
            np.array([1, 0], np.int32),
        )


class WalkSequence:
    def __init__(self, detector: WalkDetector) -> None:
        self._detector = detector

    async def detect(self, frame: Image) -> Detections:
        return await self._detector.look(frame)

    async def close(self) -> None:
        return


def streamed(source: VideoSource) -> FrameReader:
    """Its frames, as a run gets them."""
    reader = FrameReader(source, drop=source.info.live)
    reader.start()
    return reader


def settled(records: Sequence[CountsRecorded]) -> list[tuple[str, int, int]]:
    """What happened: line or zone, who, and which way or kind; each thing once."""
    crossings = [each for record in records for each in record.crossings]
    visits = [each for record in records for each in record.visits]
    assert len({each.id for each in crossings}) == len(crossings)
    assert len({each.id for each in visits}) == len(visits)
    return [(each.line, each.track, each.direction) for each in crossings] + [
        (each.zone, each.track, each.kind) for each in visits
    ]


WHOLE = [
    ("middle", 0, count_pb2.DIRECTION_IN),
    ("lower", 0, count_pb2.VISIT_KIND_ENTRY),
    ("lower", 0, count_pb2.VISIT_KIND_EXIT),
]
"""What happens in the whole walk."""


class OneDetector:
    """A pool with one detector."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    async def get(self, name: str) -> Detector:
        return self._detector

    async def best(self) -> Detector:
        return self._detector
