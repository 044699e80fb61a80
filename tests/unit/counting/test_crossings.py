"""Crossings say what speaks for them, where their track came from and how fast it was."""

from dataclasses import replace

import pytest

from tally.counting import CountingEngine, Crossing, Detections, Direction, Evidence, Line, Pair
from tests.unit.counting.scenes import ACROSS, FRAME, PACE, crossings, of_one, seen, walk

IN, OUT = Direction.IN, Direction.OUT
LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)
FIRST = Line("first", ((0.4, 0.9), (0.4, 0.1)))
SECOND = Line("second", ((0.6, 0.9), (0.6, 0.1)), pair=Pair("first", 2.0))


def only(frames: list[Detections]) -> Crossing:
    [crossing] = crossings(frames)
    return crossing


def test_whoever_is_seen_on_both_sides_is_told_so() -> None:
    crossing = only(of_one(walk(LEFT, RIGHT)))

    assert crossing.evidence == (Evidence.SEEN_ON_BOTH_SIDES,)
    assert crossing.gap_s == pytest.approx(0.1)
    assert crossing.confidence == pytest.approx(0.95, abs=0.01)


def test_whoever_appears_at_the_line_was_never_clear_of_it_before() -> None:
    crossing = only(of_one(walk((0.495, 0.5), RIGHT)))

    assert crossing.evidence == (Evidence.BORN_NEAR,)


def test_whoever_is_lost_at_the_line_was_not_clear_of_it_after() -> None:
    crossing = only(of_one(walk(LEFT, (0.507, 0.5))))

    assert crossing.evidence == (Evidence.ENDED_NEAR,)


def test_whoever_is_hidden_at_the_line_is_interpolated() -> None:
    path: list[tuple[float, float] | None] = [*walk(LEFT, RIGHT)]
    path[18:33] = [None] * 15

    crossing = only(of_one(path))

    assert Evidence.INTERPOLATED in crossing.evidence
    assert crossing.gap_s == pytest.approx(1.6)


def test_a_new_track_that_continues_a_lost_one_is_stitched() -> None:
    # Out of sight he hurries: too far from where he should be for one box, near enough for a track.
    path = walk(LEFT, RIGHT)
    ahead = [(x + 0.1, y + 0.03) for x, y in path[28:]]

    crossing = only([*of_one(path[:20]), *[seen()] * 8, *of_one(ahead)])

    assert crossing.track == 0
    assert {Evidence.STITCHED, Evidence.INTERPOLATED} < {*crossing.evidence}


def test_low_scores_at_the_line_are_told() -> None:
    path = walk(LEFT, RIGHT)
    frames = [seen(foot, score=0.3 if 20 <= k <= 30 else 0.9) for k, foot in enumerate(path)]

    assert Evidence.LOW_SCORE in only(frames).evidence


@pytest.mark.parametrize(("start", "crosses"), [(0.512, True), (0.53, False)])
def test_whoever_appears_close_behind_the_line_and_walks_on_has_come_across(
    start: float, crosses: bool
) -> None:
    nobody = [seen()] * 10

    counted = crossings([*nobody, *of_one(walk((start, 0.5), RIGHT))])

    # A track takes 0.2 s to be believed: 0.016 of the picture.
    assert [(one.direction, one.evidence) for one in counted] == [
        (IN, (Evidence.BORN_NEAR, Evidence.EXTRAPOLATED))
    ][: int(crosses)]
    assert all(one.time_s == pytest.approx(0.85, abs=0.05) for one in counted)


def test_whoever_is_there_when_the_stream_begins_has_not_come_across() -> None:
    assert crossings(of_one(walk((0.512, 0.5), RIGHT))) == []


def test_whoever_appears_close_behind_the_line_and_stays_has_not_come_across() -> None:
    assert crossings([*[seen()] * 10, *of_one([(0.512, 0.5)] * 20)]) == []


def test_what_is_doubtful_has_less_confidence() -> None:
    path: list[tuple[float, float] | None] = [*walk(LEFT, RIGHT)]
    plain = only(of_one(path)).confidence
    path[18:33] = [None] * 15
    hidden = only(of_one(path)).confidence
    lost = only(of_one(walk(LEFT, (0.507, 0.5)))).confidence

    assert 1 > plain > hidden > lost > 0.5


def test_a_u_turn_line_tells_the_evidence_of_the_crossing_it_held_back() -> None:
    path: list[tuple[float, float] | None] = [*walk(LEFT, RIGHT)]
    path[18:33] = [None] * 15
    line = replace(ACROSS, u_turn_s=1.0)

    [held] = crossings(of_one(path), [line])

    assert held == only(of_one(path))


def test_the_line_crossed_before_is_told() -> None:
    lines = [FIRST, replace(SECOND, pair=None), ACROSS]
    there, back = walk((0.2, 0.5), (0.8, 0.5)), walk((0.8, 0.5), (0.2, 0.5))

    counted = crossings(of_one([*there, *back]), lines)

    assert [(one.previous, one.line) for one in counted] == [
        (None, "first"),
        ("first", "across"),
        ("across", "second"),
        ("second", "second"),
        ("second", "across"),
        ("across", "first"),
    ]


def test_lines_crossed_within_one_step_are_told_in_their_order() -> None:
    lines = [replace(SECOND, pair=None), ACROSS, FIRST]
    path = [(0.02 + 0.15 * k, 0.5) for k in range(7)]

    counted = crossings(of_one(path), lines, step_s=2.0)

    assert [(one.previous, one.line) for one in counted] == [
        (None, "first"), ("first", "across"), ("across", "second"),
    ]  # fmt: skip


def test_a_pair_of_lines_tells_the_speed_at_the_second_of_them() -> None:
    there, back = walk((0.2, 0.5), (0.8, 0.5)), walk((0.8, 0.5), (0.2, 0.5))

    counted = crossings(of_one([*there, *back]), [FIRST, SECOND])

    # 0.2 of the picture are two metres.
    pace = PACE / 0.2 * 2.0
    assert [(one.line, one.direction) for one in counted] == [
        ("first", IN), ("second", IN), ("second", OUT), ("first", OUT),
    ]  # fmt: skip
    assert [one.speed_mps for one in counted] == [
        None, pytest.approx(pace, rel=0.05), None, pytest.approx(pace, rel=0.05),
    ]  # fmt: skip


def test_whoever_comes_from_elsewhere_has_no_speed() -> None:
    path = walk((0.5, 0.5), (0.8, 0.5))

    assert [one.speed_mps for one in crossings(of_one(path), [FIRST, SECOND])] == [None]


def test_everybody_has_his_own_speed() -> None:
    slow = walk((0.2, 0.5), (0.8, 0.5), 80)
    fast = walk((0.2, 0.8), (0.8, 0.8), 40)
    frames = [
        seen(*([a, b] if b else [a])) for a, b in zip(slow, [*fast, *[None] * 40], strict=True)
    ]

    speeds = [one.speed_mps for one in crossings(frames, [FIRST, SECOND]) if one.line == "second"]

    assert speeds == [pytest.approx(1.5, rel=0.05), pytest.approx(0.75, rel=0.05)]


@pytest.mark.parametrize(
    "lines",
    [
        [replace(FIRST, pair=Pair("first", 1.0))],
        [replace(FIRST, pair=Pair("elsewhere", 1.0))],
        [FIRST, SECOND, replace(ACROSS, pair=Pair("first", 1.0))],
        [replace(FIRST, pair=Pair("second", 3.0)), SECOND],
    ],
    ids=["itself", "nothing", "shared", "two distances"],
)
def test_a_pair_is_two_lines_of_their_own(lines: list[Line]) -> None:
    with pytest.raises(ValueError, match=r"other line|two pairs"):
        CountingEngine(lines=lines, frame_size=FRAME)


@pytest.mark.parametrize("metres", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pair_has_a_distance(metres: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Pair("first", metres)
