"""Tracks: who is followed, from when, for how long, and under which number."""

import numpy as np
import pytest

from tally.counting import CountingEngine, Detections, EngineConfig, Line, TrackerConfig, Tracks
from tests.unit.counting.scenes import (
    FRAME,
    STEP_S,
    Point,
    crossings,
    of_one,
    person,
    seen,
    walk,
    watch,
)

LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)


def tracks(frames: list[Detections], step_s: float = STEP_S) -> list[Tracks]:
    engine = CountingEngine(frame_size=FRAME)
    return [result.tracks for result in watch(engine, frames, step_s)][:-1]


def ids(frames: list[Detections], step_s: float = STEP_S) -> list[list[int]]:
    return [shown.ids.tolist() for shown in tracks(frames, step_s)]


def test_a_person_keeps_the_number_all_the_way() -> None:
    numbers = ids(of_one(walk(LEFT, RIGHT)))

    assert numbers[:2] == [[], []]
    assert all(number == [0] for number in numbers[2:])


def test_a_track_shows_what_was_detected() -> None:
    shown = tracks([seen(LEFT, class_id=3)] * 4)[-1]

    np.testing.assert_allclose(shown.boxes, [person(LEFT)], atol=1e-6)
    assert (shown.scores.tolist(), shown.classes.tolist()) == ([pytest.approx(0.9)], [3])
    assert [a.dtype.name for a in (shown.ids, shown.boxes, shown.scores, shown.classes)] == [
        "int64",
        "float32",
        "float32",
        "int32",
    ]


def test_a_flicker_is_nobody() -> None:
    flicker: list[Point | None] = [LEFT, LEFT, *[None] * 10] * 5

    assert not any(ids(of_one(flicker)))


def test_a_poster_is_nobody() -> None:
    random = np.random.default_rng(3)
    frames = [seen(LEFT, score=score) for score in random.normal(0.5, 0.05, 600)]

    assert not any(ids(frames))


def test_who_stands_still_is_somebody_at_once_if_the_detector_is_sure() -> None:
    assert ids([seen(LEFT, score=0.8)] * 5) == [[], [], [0], [0], [0]]


def test_who_stands_still_is_somebody_in_the_end_if_the_detector_is_rather_sure() -> None:
    numbers = ids([seen(LEFT, score=0.65)] * 20)

    assert numbers[3] == []
    assert numbers[-1] == [0]


def test_who_walks_is_somebody_however_little_the_detector_is_sure() -> None:
    frames = [seen(foot, score=0.55) for foot in walk(LEFT, RIGHT)]
    line = Line("door", ((0.32, 0.0), (0.32, 1.0)))

    assert ids(frames)[-1] == [0]
    assert len(crossings(frames, [line])) == 1


def test_what_is_asked_of_scores_moves_with_the_least_that_is_asked_for() -> None:
    config = EngineConfig(tracker=TrackerConfig(high_score=0.3))
    engine = CountingEngine(frame_size=FRAME, config=config)

    numbers = [r.tracks.ids.tolist() for r in watch(engine, [seen(LEFT, score=0.6)] * 4)]

    assert numbers[2] == [0]


def test_low_scores_start_no_track() -> None:
    assert not any(ids([seen(LEFT, score=0.4)] * 30))


def test_low_scores_continue_a_track() -> None:
    path = walk(LEFT, RIGHT)
    frames = [seen(foot, score=0.9 if k < 5 or k > 30 else 0.2) for k, foot in enumerate(path)]

    assert all(number == [0] for number in ids(frames)[2:])


def test_scores_below_the_least_are_nothing() -> None:
    path = walk(LEFT, RIGHT)
    frames = [seen(foot, score=0.9 if k < 5 else 0.05) for k, foot in enumerate(path)]

    assert not any(ids(frames)[5:])


def test_who_is_hidden_keeps_the_number() -> None:
    path: list[Point | None] = [*walk(LEFT, RIGHT)]
    path[20:35] = [None] * 15

    numbers = ids(of_one(path))

    assert all(number == [0] for number in numbers[36:])


def test_who_stops_while_hidden_keeps_the_number() -> None:
    path = [*walk(LEFT, (0.5, 0.5)), *[None] * 15, *[(0.51, 0.5)] * 10]

    assert ids(of_one(path))[-1] == [0]


def test_who_is_hidden_for_too_long_is_someone_new() -> None:
    path = [*walk(LEFT, (0.5, 0.5)), *[None] * 25, *[(0.51, 0.5)] * 10]

    assert ids(of_one(path))[-1] == [1]


def test_who_comes_back_changed_in_size_is_recognised_by_the_way() -> None:
    """A track that begins where the lost one was going to be continues it."""
    there, gone = walk(LEFT, (0.45, 0.5)), [seen()] * 8
    x1, y1, x2, y2 = person((0.0, 0.5))
    narrow = [
        Detections(
            np.array([[x + x1 * 0.4, y1 + 0.03, x + x2 * 0.4, y2]], np.float32),
            np.array([0.9], np.float32),
            np.zeros(1, np.int32),
        )
        for x, _ in walk((0.53, 0.5), RIGHT)
    ]

    numbers = ids([*of_one(there), *gone, *narrow])

    assert numbers[-1] == [0]
    assert y2 == 0.5


def test_people_who_pass_one_another_keep_their_numbers() -> None:
    there, back = walk(LEFT, RIGHT), walk((0.7, 0.52), (0.3, 0.52))

    shown = tracks([seen(*feet) for feet in zip(there, back, strict=True)])

    first, last = shown[3], shown[-1]
    assert first.boxes[:, 0].argsort().tolist() == last.boxes[:, 0].argsort()[::-1].tolist()
    assert first.ids.tolist() == last.ids.tolist() == [0, 1]


def test_the_order_of_detections_does_not_matter() -> None:
    there, back = walk(LEFT, RIGHT), walk((0.7, 0.6), (0.3, 0.6))
    swapped = [
        seen(*(feet if k % 2 else feet[::-1]))
        for k, feet in enumerate(zip(there, back, strict=True))
    ]

    shown = tracks(swapped)

    assert all(one.ids.tolist() == [0, 1] for one in shown[2:])
    by_track = [dict(zip(one.ids.tolist(), one.boxes[:, 3], strict=True)) for one in shown[2:]]
    assert len({tuple(np.round(list(feet.values()), 3)) for feet in by_track}) == 1


@pytest.mark.parametrize("frames_per_second", [1, 2, 5, 10, 25, 60])
def test_any_frame_rate_keeps_the_number(frames_per_second: int) -> None:
    path = walk(LEFT, RIGHT, steps=5 * frames_per_second)

    assert ids(of_one(path), 1 / frames_per_second)[-1] == [0]


def test_dropped_frames_are_normal() -> None:
    engine = CountingEngine(frame_size=FRAME)
    times = np.cumsum([0.04, 0.04, 0.2, 0.04, 0.6, 0.04, 0.12, 0.04, 0.4, 0.04] * 3)

    shown = [engine.update(t, seen((0.3 + 0.08 * t, 0.5))).tracks.ids.tolist() for t in times]

    assert all(number == [0] for number in shown[2:])


@pytest.mark.parametrize(("step_s", "needed"), [(0.1, 3), (0.2, 2), (0.5, 2)])
def test_where_frames_are_rare_two_observations_are_enough(step_s: float, needed: int) -> None:
    numbers = ids(of_one(walk(LEFT, RIGHT)), step_s)

    assert numbers[: needed - 1] == [[]] * (needed - 1)
    assert numbers[needed - 1] == [0]


def test_who_is_believed_after_two_observations_is_counted_between_them() -> None:
    line = Line("middle", ((0.5, 0.0), (0.5, 1.0)))
    engine = CountingEngine(lines=[line], frame_size=FRAME)
    feet: list[Point | None] = [None, (0.48, 0.6), (0.52, 0.6), (0.56, 0.6)]

    crossings = [
        crossing
        for k, frame in enumerate(of_one(feet))
        for crossing in engine.update(0.4 * k, frame).crossings
    ]

    assert [crossing.time_s for crossing in crossings] == [pytest.approx(0.6, abs=0.1)]


def test_one_observation_is_not_enough_to_believe() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        EngineConfig(tracker=TrackerConfig(confirm_hits=1))


@pytest.mark.parametrize("gap_s", [3.0, 9.0])
@pytest.mark.parametrize("blind", [0, 3])
def test_nobody_is_lost_in_a_time_without_frames(gap_s: float, blind: int) -> None:
    engine = CountingEngine(frame_size=FRAME)
    for k in range(5):
        engine.update(k * STEP_S, seen(LEFT))
    later = [4 * STEP_S + gap_s + k * STEP_S for k in range(blind + 1)]
    for time_s in later[:-1]:
        engine.update(time_s, seen())
    assert engine.update(later[-1], seen(LEFT)).tracks.ids.tolist() == [0]


def test_after_a_long_time_without_frames_everybody_is_a_stranger() -> None:
    engine = CountingEngine(frame_size=FRAME)
    for k in range(5):
        engine.update(k * STEP_S, seen(LEFT))
    shown = [engine.update(20 + k * STEP_S, seen(LEFT)).tracks.ids.tolist() for k in range(3)]
    assert shown == [[], [], [1]]


def test_after_a_gap_tracks_are_lost_as_before() -> None:
    engine = CountingEngine(frame_size=FRAME)
    times_s = [0.0, 0.1, 0.2, 5.2, 5.3, 5.4, 7.5, 7.6]
    for time_s in times_s:
        engine.update(time_s, seen(LEFT))
    assert engine.update(9.5, seen()).tracks.ids.tolist() == []
    for k in range(3):
        engine.update(9.6 + k * STEP_S, seen())
    assert engine.update(9.95, seen(LEFT)).tracks.ids.tolist() == []
