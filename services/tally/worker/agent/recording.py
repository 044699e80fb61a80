"""Counts one recording from its first to its last frame, with the same parts as a camera's worker."""

import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path

from tally.counting import CountingEngine, Crossing, FrameResult, Line, Mask, Visit, Zone
from tally.worker.agent.annotate import Annotator
from tally.worker.agent.detector import Detector
from tally.worker.agent.gating import Gating
from tally.worker.agent.inspector import Inspector
from tally.worker.agent.pipeline import CountedFrame, count_frames
from tally.worker.agent.reader import FrameReader, FrameStream
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import SourceInfo, VideoSource
from tally.worker.agent.video_writer import VideoWriter

FALLBACK_FPS = 25.0
"""Rate of an annotated copy whose original does not tell its own."""


@dataclass(frozen=True, slots=True)
class RecordedCrossing:
    """One crossing and where in the recording it is.

    Attributes:
        crossing: What the engine said.
        frame: Index of the frame nearest to it, from 0.
        class_name: What crossed.
    """

    crossing: Crossing
    frame: int
    class_name: str


@dataclass(slots=True)
class RecordingCount:
    """What was counted in one recording.

    Attributes:
        detector: Name of the detector.
        frames: Frames counted on.
        gated: Frames counted on without asking the detector, because nothing had moved.
        corrupt: Frames skipped because they could not be decoded.
        seconds: Time that it took, from the first frame asked for to the last one counted.
        crossings: By time.
        visits: By time.
        peaks: For each zone, the most that were inside at once.
    """

    detector: str
    frames: int = 0
    gated: int = 0
    corrupt: int = 0
    seconds: float = 0.0
    crossings: list[RecordedCrossing] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)

    @property
    def frames_per_second(self) -> float:
        """Frames counted each second, decoding and detection included."""
        return self.frames / self.seconds if self.seconds else 0.0


async def count_recording(
    source: VideoSource,
    detector: Detector,
    *,
    lines: Sequence[Line],
    zones: Sequence[Zone] = (),
    masks: Sequence[Mask] = (),
    classes: Sequence[str] = (),
    annotate: Path | None = None,
    title: str = "",
    progress: Callable[[int], None] = lambda frames: None,
) -> RecordingCount:
    """Count a whole recording.

    Args:
        source: Open; read to its end and closed here.
        detector: Finds the objects.
        lines: Counting lines.
        zones: Zones.
        masks: Where nothing counts.
        classes: What to count; empty for people, where the detector knows people.
        annotate: Where to write a copy with everything drawn on it; None writes none.
        title: Shown on the copy.
        progress: Told how many frames are done.

    Raises:
        SourceError: The recording broke off.
        DetectorUnavailable: The detector does not answer.
        FailedPrecondition: The detector knows none of a wanted class.
        OSError: The annotated copy cannot be written.
    """
    reader = FrameReader(source, drop=False)
    reader.start()
    return await count_stream(
        reader,
        detector,
        lines=lines,
        zones=zones,
        masks=masks,
        classes=classes,
        annotate=annotate,
        title=title,
        progress=progress,
    )


async def count_stream(
    stream: FrameStream,
    detector: Detector,
    *,
    lines: Sequence[Line],
    zones: Sequence[Zone] = (),
    masks: Sequence[Mask] = (),
    classes: Sequence[str] = (),
    annotate: Path | None = None,
    title: str = "",
    progress: Callable[[int], None] = lambda frames: None,
) -> RecordingCount:
    """Count a whole recording whose frames are on their way; as `count_recording` does.

    Args:
        stream: Of all frames; read to its end and stopped here.
        detector: Finds the objects.
        lines: Counting lines.
        zones: Zones.
        masks: Where nothing counts.
        classes: What to count; empty for people, where the detector knows people.
        annotate: Where to write a copy with everything drawn on it; None writes none.
        title: Shown on the copy.
        progress: Told how many frames are done.
    """
    try:
        return await _count(
            stream, detector, lines, zones, masks, classes, annotate, title, progress
        )
    finally:
        await stream.stop()


async def _count(
    stream: FrameStream,
    detector: Detector,
    lines: Sequence[Line],
    zones: Sequence[Zone],
    masks: Sequence[Mask],
    classes: Sequence[str],
    annotate: Path | None,
    title: str,
    progress: Callable[[int], None],
) -> RecordingCount:
    selection = ClassSelection(detector, classes)
    size = stream.info.width, stream.info.height
    engine = CountingEngine(lines=lines, zones=zones, masks=masks, frame_size=size)
    inspector = Inspector(detector, selection, live=False)
    gating = Gating(inspector.detect, detector, masks)
    count = RecordingCount(detector.name, peaks={zone.name: 0 for zone in zones})
    times: list[tuple[float, int]] = []
    began = time.monotonic()
    with ExitStack() as stack:
        draw = _annotator(stack, stream.info, annotate, lines, zones, masks, title)
        frames = count_frames(stream, gating.detect, engine, detector)
        try:
            async with aclosing(frames):
                async for counted in frames:
                    times.append((counted.frame.time_s, counted.frame.index))
                    _take(count, counted.result, times, selection)
                    draw(counted)
                    count.frames += 1
                    progress(count.frames)
        finally:
            await inspector.close()
    if times:
        _take(count, engine.finish(times[-1][0]), times, selection)
    count.seconds = time.monotonic() - began
    count.gated = gating.gated
    count.corrupt = stream.corrupt
    count.crossings.sort(key=lambda each: each.crossing.time_s)
    return count


def _take(
    count: RecordingCount,
    result: FrameResult,
    times: Sequence[tuple[float, int]],
    selection: ClassSelection,
) -> None:
    count.crossings += [
        RecordedCrossing(
            crossing, _nearest(times, crossing.time_s), selection.name(crossing.class_id)
        )
        for crossing in result.crossings
    ]
    count.visits += result.visits
    for zone, inside in result.occupancy.items():
        count.peaks[zone] = max(count.peaks[zone], inside)


def _nearest(times: Sequence[tuple[float, int]], time_s: float) -> int:
    after = min(bisect_left(times, (time_s, -1)), len(times) - 1)
    before = max(after - 1, 0)
    return min(times[before], times[after], key=lambda each: abs(each[0] - time_s))[1]


def _annotator(
    stack: ExitStack,
    info: SourceInfo,
    target: Path | None,
    lines: Sequence[Line],
    zones: Sequence[Zone],
    masks: Sequence[Mask],
    title: str,
) -> Callable[[CountedFrame], None]:
    if target is None:
        return lambda counted: None
    writer = stack.enter_context(
        VideoWriter(target, width=info.width, height=info.height, fps=info.fps or FALLBACK_FPS)
    )
    annotator = Annotator(lines, zones, (info.width, info.height), masks=masks, title=title)

    def draw(counted: CountedFrame) -> None:
        frame = counted.frame
        writer.write(annotator.draw(frame.image, counted.result, frame.time_s), frame.time_s)

    return draw
