"""The engine's own promises: order of time, names, bad input, the end of the stream, bounded state."""

from math import inf, nan

import numpy as np
import pytest
from numpy.random import default_rng

from tally.counting import CountingEngine, Crossing, Detections, Direction, Line, Zone
from tests.unit.counting.scenes import (
    ACROSS,
    FRAME,
    STEP_S,
    crossings,
    of_one,
    person,
    seen,
    walk,
    watch,
)

HALL = Zone("hall", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


@pytest.mark.parametrize("time_s", [1.0, 0.5, -3.0])
def test_time_must_advance(time_s: float) -> None:
    engine = CountingEngine(frame_size=FRAME)
    engine.update(1.0, seen())

    with pytest.raises(ValueError, match="must be later than the last one's"):
        engine.update(time_s, seen())


@pytest.mark.parametrize("time_s", [nan, inf, -inf])
def test_time_must_be_finite(time_s: float) -> None:
    with pytest.raises(ValueError, match="finite number of seconds"):
        CountingEngine(frame_size=FRAME).update(time_s, seen())


def test_a_refused_frame_changes_nothing() -> None:
    engine = CountingEngine(lines=[ACROSS], frame_size=FRAME)
    counted: list[Crossing] = []
    for k, foot in enumerate(walk((0.4, 0.5), (0.6, 0.5))):
        counted += engine.update(k * STEP_S, seen(foot)).crossings
        with pytest.raises(ValueError, match="later"):
            engine.update(k * STEP_S, seen((0.1, 0.1)))

    assert [one.direction for one in counted] == [Direction.IN]


def test_the_stream_may_end_with_its_last_frame() -> None:
    engine = CountingEngine(zones=[HALL], frame_size=FRAME)
    for k in range(4):
        result = engine.update(k * STEP_S, seen((0.5, 0.5)))
    assert result.occupancy == {"hall": 1}

    last = engine.finish(3 * STEP_S)

    assert last.occupancy == {"hall": 0}
    assert len(last.visits) == 1
    assert len(last.tracks.ids) == 0
    with pytest.raises(ValueError, match="later"):
        engine.finish(2 * STEP_S)


def test_the_end_decides_what_hysteresis_holds_back() -> None:
    engine = CountingEngine(lines=[ACROSS], frame_size=FRAME)
    frames = of_one(walk((0.4, 0.5), (0.507, 0.5)))
    before = [engine.update(k * STEP_S, frame).crossings for k, frame in enumerate(frames)]

    last = engine.finish(len(frames) * STEP_S)

    assert not any(before)
    assert [one.direction for one in last.crossings] == [Direction.IN]
    assert last.crossings[0].time_s < (len(frames) - 1) * STEP_S


def test_numbers_go_on_after_the_end() -> None:
    engine = CountingEngine(frame_size=FRAME)
    list(watch(engine, [seen((0.5, 0.5))] * 4))

    shown = [engine.update(10 + k * STEP_S, seen((0.5, 0.5))).tracks for k in range(3)]

    assert shown[-1].ids.tolist() == [1]


def test_names_must_differ() -> None:
    with pytest.raises(ValueError, match="two lines are called 'across'"):
        CountingEngine(lines=[ACROSS, ACROSS], frame_size=FRAME)
    with pytest.raises(ValueError, match="two zones are called 'hall'"):
        CountingEngine(zones=[HALL, HALL], frame_size=FRAME)


def test_the_frame_must_have_a_size() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        CountingEngine(frame_size=(0, 480))


@pytest.mark.parametrize(
    ("boxes", "scores", "classes"),
    [((2, 3), (2,), (2,)), ((2, 4), (3,), (2,)), ((2, 4), (2,), (1,)), ((2, 4), (2, 1), (2,))],
)
def test_arrays_must_fit_together(
    boxes: tuple[int, ...], scores: tuple[int, ...], classes: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="boxes"):
        Detections(
            np.zeros(boxes, np.float32), np.zeros(scores, np.float32), np.zeros(classes, np.int32)
        )


@pytest.mark.parametrize(
    ("box", "score"),
    [
        ((nan, 0.4, 0.52, 0.5), 0.9),
        ((0.48, -inf, 0.52, 0.5), 0.9),
        ((0.52, 0.4, 0.48, 0.5), 0.9),
        ((0.48, 0.5, 0.52, 0.4), 0.9),
        ((0.48, 0.4, 0.48, 0.5), 0.9),
        ((-40.0, -40.0, 40.0, 40.0), 0.9),
        ((1e30, 1e30, 2e30, 2e30), 0.9),
        ((0.48, 0.4, 0.52, 0.5), nan),
        ((0.48, 0.4, 0.52, 0.5), 1.5),
        ((0.48, 0.4, 0.52, 0.5), -0.5),
    ],
)
def test_boxes_that_cannot_be_objects_are_ignored(
    box: tuple[float, float, float, float], score: float
) -> None:
    feet = walk((0.4, 0.5), (0.6, 0.5))
    spoiled = [
        Detections(
            np.array([box, person(foot)], np.float32),
            np.array([score, 0.9], np.float32),
            np.zeros(2, np.int32),
        )
        for foot in feet
    ]

    assert crossings(spoiled) == crossings(of_one(feet))


def test_lines_and_zones_are_optional() -> None:
    engine = CountingEngine(frame_size=FRAME)

    for result in watch(engine, [seen((0.5, 0.5))] * 5):
        assert (result.crossings, result.visits, result.occupancy) == ((), (), {})


def test_relative_coordinates_keep_the_frame_s_shape() -> None:
    """The same scene in a frame of another shape counts the same: bands are measured in pixels."""
    wide = CountingEngine(lines=[Line("flat", ((0.1, 0.5), (0.9, 0.5)))], frame_size=(2000, 500))

    results = list(watch(wide, of_one(walk((0.5, 0.4), (0.5, 0.6)))))

    assert sum(len(result.crossings) for result in results) == 1


def test_state_is_bounded_by_what_is_in_view() -> None:
    random = default_rng(1)
    engine = CountingEngine(lines=[ACROSS], zones=[HALL], frame_size=FRAME)
    numbers: set[int] = set()
    largest = 0
    for k in range(3000):
        # Eight people cross, each starting over on the left; and boxes of nobody flicker.
        feet = [((0.008 * k + 0.25 * n) % 2, 0.15 + 0.11 * n) for n in range(8)]
        ghosts = random.uniform(0.1, 0.9, (2, 2)).tolist()
        people = [foot for foot in feet if foot[0] <= 1] + [(x, y) for x, y in ghosts]
        result = engine.update(k * STEP_S, seen(*people))
        numbers |= set(result.tracks.ids.tolist())
        largest = max(largest, len(engine._tracker.tracks))
        assert 0 <= result.occupancy["hall"] <= largest

    assert len(numbers) > 80
    assert largest < 40
    assert len(engine._lines._state) == len(engine._zones._state) == len(engine._tracker.tracks)
