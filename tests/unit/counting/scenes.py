"""People on a square of 1000 × 1000 pixels, as a detector sees them."""

from collections.abc import Iterable, Iterator, Sequence
from math import dist

import numpy as np

from tally.counting import CountingEngine, Crossing, Detections, FrameResult, Line

Point = tuple[float, float]
Box = tuple[float, float, float, float]

FRAME = (1000, 1000)
# A width that float32 holds exactly, so that someone can stand exactly on a line.
WIDTH, HEIGHT = 1 / 32, 0.1
STEP_S = 0.1
PACE = 0.8 * HEIGHT
ACROSS = Line("across", ((0.5, 0.9), (0.5, 0.1)))


def person(foot: Point) -> Box:
    """The box of a person who stands at `foot`."""
    x, y = foot
    return x - WIDTH / 2, y - HEIGHT, x + WIDTH / 2, y


def seen(*feet: Point, score: float = 0.9, class_id: int = 0) -> Detections:
    """What a detector sees of people who stand at `feet`."""
    return Detections(
        np.array([person(foot) for foot in feet], np.float32).reshape(-1, 4),
        np.full(len(feet), score, np.float32),
        np.full(len(feet), class_id, np.int32),
    )


def walk(start: Point, end: Point, steps: int | None = None) -> list[Point]:
    """The foot points of someone who walks from start to end, at the usual pace unless told."""
    steps = steps or max(1, round(dist(start, end) / (PACE * STEP_S)))
    return [
        (float(x), float(y))
        for x, y in zip(
            np.linspace(start[0], end[0], steps + 1),
            np.linspace(start[1], end[1], steps + 1),
            strict=True,
        )
    ]


def watch(
    engine: CountingEngine, frames: Iterable[Detections], step_s: float = STEP_S
) -> Iterator[FrameResult]:
    """Shows the frames to the engine, one each `step_s`, and ends the stream after the last."""
    time_s = 0.0
    for frame in frames:
        yield engine.update(time_s, frame)
        time_s += step_s
    yield engine.finish(time_s)


def crossings(
    frames: Iterable[Detections], lines: Sequence[Line] = (ACROSS,), step_s: float = STEP_S
) -> list[Crossing]:
    """What the frames count at the lines."""
    engine = CountingEngine(lines=lines, frame_size=FRAME)
    return [one for result in watch(engine, frames, step_s) for one in result.crossings]


def of_one(path: Iterable[Point | None]) -> list[Detections]:
    """The frames of one person, who is not seen where the path is None."""
    return [seen(foot) if foot else seen() for foot in path]
