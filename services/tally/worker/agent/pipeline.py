"""Frames through the detector and the engine, in order, with decoding and detection side by side."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from tally.counting import CountingEngine, Detections, FrameResult
from tally.worker.agent.detector import Detector
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.sources import Frame

Detect = Callable[[Frame], Awaitable[Detections | None]]
"""Finds what is in a frame; None if the frame is to be left out."""


@dataclass(frozen=True, slots=True)
class CountedFrame:
    """A frame, what was detected in it, and what the engine said of it."""

    frame: Frame
    detections: Detections
    result: FrameResult


def _depth_for(detector: Detector) -> int:
    """How many frames may be with the detector at once.

    One is on the wire while the other is looked at; a detector that remembers frames takes them singly.
    """
    return 1 if detector.stateful else 2


async def count_frames(
    stream: FrameStream, detect: Detect, engine: CountingEngine, detector: Detector
) -> AsyncGenerator[CountedFrame, None]:
    """Yields every frame that was counted on, until the source is over.

    Args:
        stream: Open; whoever gave it stops it.
        detect: Asks the detector.
        engine: Counts.
        detector: Whom `detect` asks; its turns are waited for.

    Raises:
        SourceError: The source broke off; the frames before have been yielded.
        Exception: Whatever `detect` raises.
    """
    async with aclosing(_detect_in_order(stream, detect, detector)) as detected:
        async for frame, detections in detected:
            if detections is not None:
                yield CountedFrame(frame, detections, engine.update(frame.time_s, detections))


async def _detect_in_order(
    stream: FrameStream, detect: Detect, detector: Detector
) -> AsyncGenerator[tuple[Frame, Detections | None], None]:
    slots, turns = asyncio.Semaphore(_depth_for(detector)), detector.turns
    waiting: asyncio.Queue[tuple[Frame, asyncio.Task[Detections | None]] | None] = asyncio.Queue()
    tasks: set[asyncio.Task[Detections | None]] = set()

    async def feed() -> None:
        try:
            while await slots.acquire():
                await stream.ready()
                # The turn comes before the frame, so that it is the newest when the detector has time for it.
                await turns.acquire()
                try:
                    frame = await stream.get()
                except BaseException:
                    turns.release()
                    raise
                if frame is None:
                    turns.release()
                    return
                task = asyncio.ensure_future(detect(frame))
                task.add_done_callback(lambda _: turns.release())
                tasks.add(task)
                waiting.put_nowait((frame, task))
        finally:
            waiting.put_nowait(None)

    feeder = asyncio.create_task(feed())
    try:
        while (next_up := await waiting.get()) is not None:
            frame, task = next_up
            detections = await task
            tasks.discard(task)
            slots.release()
            yield frame, detections
        await feeder
    finally:
        feeder.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(feeder, *tasks, return_exceptions=True)
