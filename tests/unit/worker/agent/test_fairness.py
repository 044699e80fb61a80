"""Cameras that together want more than the detector can do."""

import asyncio
import threading
from collections.abc import Generator

import numpy as np

from tally.counting import CountingEngine, Detections
from tally.kernel.clock import utc_now
from tally.worker.agent.pipeline import count_frames
from tally.worker.agent.sources import Frame, SourceInfo
from tests.unit.worker.agent.scenes import WalkDetector, streamed

LOOK_S = 0.01
PATIENCE_S = 30
FAST_S, SLOW_S = 0.02, 0.2
"""Between frames: six fast cameras want 300 looks a second, of 100 that there are; the slow one wants 5."""


class LiveSource:
    """A camera with a rate of its own, until it is closed."""

    def __init__(self, period_s: float) -> None:
        self.info = SourceInfo(64, 48, 1 / period_s, None, live=True)
        self.corrupt_frames = 0
        self._period_s = period_s
        self._closing = threading.Event()

    def frames(self) -> Generator[Frame, None, None]:
        index, image = 0, np.zeros((48, 64, 3), np.uint8)
        while not self._closing.wait(self._period_s):
            yield Frame(index, index * self._period_s, utc_now(), image)
            index += 1

    def close(self) -> None:
        self._closing.set()


class Crowd:
    """Cameras at one detector that looks at one frame at a time and takes two."""

    def __init__(self) -> None:
        self.detector = WalkDetector()
        self.detector.turns = asyncio.Semaphore(2)
        self.looked = [0] * 7
        self.dropped = [0] * 7
        self._eye = asyncio.Lock()

    async def watch(self, camera: int, period_s: float) -> None:
        async def detect(frame: Frame) -> Detections:
            async with self._eye:
                await asyncio.sleep(LOOK_S)
            self.looked[camera] += 1
            return Detections.none()

        stream = streamed(LiveSource(period_s))
        engine = CountingEngine(frame_size=(64, 48))
        try:
            async for _ in count_frames(stream, detect, engine, self.detector):
                pass
        finally:
            await stream.stop()
            self.dropped[camera] = stream.dropped


async def test_rates_fall_alike_and_frames_are_dropped_rather_than_kept_waiting() -> None:
    crowd = Crowd()
    watching = [asyncio.create_task(crowd.watch(camera, FAST_S)) for camera in range(6)]
    watching.append(asyncio.create_task(crowd.watch(6, SLOW_S)))
    async with asyncio.timeout(PATIENCE_S):
        while min(crowd.looked[:6]) < 8 or crowd.looked[6] < 3:
            await asyncio.sleep(LOOK_S)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    fast = crowd.looked[:6]
    assert min(fast) >= 0.6 * max(fast)
    # How many that is on either side is up to the machine; who asks for less is refused less.
    *refused_fast, refused_slow = (
        dropped / (dropped + looked)
        for dropped, looked in zip(crowd.dropped, crowd.looked, strict=True)
    )
    assert min(refused_fast) > refused_slow


async def test_a_camera_that_is_taken_away_gives_its_turn_back() -> None:
    crowd = Crowd()
    for _ in range(5):
        watching = asyncio.create_task(crowd.watch(0, FAST_S))
        seen = crowd.looked[0]
        while crowd.looked[0] == seen:
            await asyncio.sleep(0.001)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    async with asyncio.timeout(1), crowd.detector.turns, crowd.detector.turns:
        pass
