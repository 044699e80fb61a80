"""Lines count who crosses them: once, in the right direction, at the right time."""

from collections.abc import Iterable

import numpy as np
import pytest

from tally.counting import CountingEngine, Crossing, Detections, Direction, Line

FRAME = (1000, 1000)
SIZE = (0.04, 0.1)
ACROSS = Line("across", (0.5, 0.9), (0.5, 0.1))
STEP_S = 0.1


def person(x: float, y: float) -> tuple[float, float, float, float]:
    """The box of a person whose foot point is (x, y)."""
    return x - SIZE[0] / 2, y - SIZE[1], x + SIZE[0] / 2, y


def seen(*boxes: tuple[float, float, float, float]) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), 0.9, np.float32),
        np.zeros(len(boxes), np.int32),
    )


def count(line: Line, path: Iterable[tuple[float, float] | None]) -> list[Crossing]:
    engine = CountingEngine(lines=[line], frame_size=FRAME)
    crossings: list[Crossing] = []
    time_s = 0.0
    for point in path:
        crossings += engine.update(time_s, seen(person(*point)) if point else seen()).crossings
        time_s += STEP_S
    crossings += engine.finish(time_s).crossings
    return crossings


@pytest.mark.parametrize(
    ("xs", "direction"), [((0.3, 0.7), Direction.IN), ((0.7, 0.3), Direction.OUT)]
)
def test_a_passage_is_counted_once_in_its_direction(
    xs: tuple[float, float], direction: Direction
) -> None:
    crossings = count(ACROSS, [(x, 0.5) for x in np.linspace(*xs, 21)])

    assert [crossing.direction for crossing in crossings] == [direction]
    assert crossings[0].time_s == pytest.approx(1.0, abs=0.05)
