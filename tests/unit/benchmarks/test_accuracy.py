"""The benchmark's truth is true, and the engine counts a synthetic square about right."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.lines import random_lines
from benchmarks.accuracy.score import relative_error, score, table
from benchmarks.accuracy.truth import Walk, load_walks, true_crossings
from benchmarks.accuracy.world import FRAME_SIZE, World, simulate
from tally.counting import CountingEngine, Crossing, Direction, Line

ACROSS = Line("across", ((0.5, 0.9), (0.5, 0.1)))


def straight(x_from: float, x_to: float, y: float = 0.5) -> Walk:
    x = np.linspace(x_from, x_to, 11)
    boxes = np.stack([x - 0.02, np.full(11, y - 0.1), x + 0.02, np.full(11, y)], axis=1)
    return Walk(1, np.arange(11), boxes)


def crossing(direction: Direction) -> Crossing:
    return Crossing("across", direction, 0, 0, 1.0, 0, 0.9)


def test_annotations_become_walks(tmp_path: Path) -> None:
    (tmp_path / "pets09-s2l1-gt-10.csv").write_text("11,7,96,72,76.8,57.6\n")
    (tmp_path / "pets09-s2l1-gt-ends.csv").write_text("1,7,0,72,76.8,57.6\n")

    [walk] = load_walks(tmp_path)

    assert (walk.person, walk.frames.tolist()) == (7, list(range(11)))
    np.testing.assert_allclose(walk.feet[0], [0.05, 0.225])
    np.testing.assert_allclose(walk.feet[5], [0.1125, 0.225])


@pytest.mark.parametrize(
    ("walk", "goes_in", "goes_out"),
    [
        (straight(0.31, 0.69), 1, 0),
        (straight(0.69, 0.31), 0, 1),
        (straight(0.31, 0.45), 0, 0),
        (straight(0.31, 0.69, y=0.95), 0, 0),
    ],
    ids=["in", "out", "short of it", "beyond its end"],
)
def test_the_truth_counts_passages(walk: Walk, goes_in: int, goes_out: int) -> None:
    assert true_crossings([walk], ACROSS) == {Direction.IN: goes_in, Direction.OUT: goes_out}


def test_the_score_is_counted_less_true() -> None:
    walks = [straight(0.31, 0.69), straight(0.31, 0.69), straight(0.69, 0.31)]

    scores = score(walks, [ACROSS], [crossing(Direction.IN), *[crossing(Direction.OUT)] * 3])

    assert [(one.true, one.counted, one.error) for one in scores] == [(2, 1, -1), (1, 3, 2)]
    assert relative_error(scores) == pytest.approx(1.0)
    assert table(scores).splitlines()[-1].split() == [
        "all",
        "3",
        "4",
        "3",
        "=",
        "1.000",
        "of",
        "true",
    ]


def test_a_synthetic_square_is_counted_well() -> None:
    lines = random_lines(24, seed=3)
    world = World(people=12, seconds=60, seed=5)
    walks, frames = simulate(world)
    engine = CountingEngine(lines=lines, frame_size=FRAME_SIZE)

    counted = [
        one
        for k, detections in enumerate(frames)
        for one in engine.update(k / world.frames_per_second, detections).crossings
    ]
    counted += engine.finish(world.seconds).crossings

    scores = score(walks, lines, counted)
    assert sum(one.true for one in scores) > 200
    assert relative_error(scores) < 0.1
