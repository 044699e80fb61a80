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
    """A frame, and what the engine said of it."""

    frame: Frame
    result: FrameResult


def depth_for(detector: Detector) -> int:
    """How many frames may be with the detector at once.

    One is on the wire while the other is looked at; a detector that remembers frames takes them singly.
    """
    return 1 if detector.stateful else 2


async def count_frames(
    stream: FrameStream, detect: Detect, engine: CountingEngine, *, depth: int
) -> AsyncGenerator[CountedFrame, None]:
    """Yields every frame that was counted on, until the source is over.

    Args:
        stream: Open; whoever gave it stops it.
        detect: Asks the detector.
        engine: Counts.
        depth: How many frames are with the detector at once.

    Raises:
        SourceError: The source broke off; the frames before have been yielded.
        Exception: Whatever `detect` raises.
    """
    async with aclosing(_detect_in_order(stream, detect, depth)) as detected:
        async for frame, detections in detected:
            if detections is not None:
                yield CountedFrame(frame, engine.update(frame.time_s, detections))


async def _detect_in_order(
    stream: FrameStream, detect: Detect, depth: int
) -> AsyncGenerator[tuple[Frame, Detections | None], None]:
    slots = asyncio.Semaphore(depth)
    waiting: asyncio.Queue[tuple[Frame, asyncio.Task[Detections | None]] | None] = asyncio.Queue()
    tasks: set[asyncio.Task[Detections | None]] = set()

    async def feed() -> None:
        try:
            # The slot comes first, so that the frame is the newest when the detector has time for it.
            while await slots.acquire() and (frame := await stream.get()) is not None:
                task = asyncio.ensure_future(detect(frame))
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
