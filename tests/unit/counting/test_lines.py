"""Lines count who crosses them: once, in the right direction, at the right time."""

import pytest

from tally.counting import Anchor, Direction, Line
from tests.unit.counting.scenes import ACROSS, crossings, of_one, seen, walk

LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)
IN, OUT = Direction.IN, Direction.OUT


def directions(path: list[tuple[float, float] | None]) -> list[Direction]:
    return [crossing.direction for crossing in crossings(of_one(path))]


@pytest.mark.parametrize(("start", "end", "direction"), [(LEFT, RIGHT, IN), (RIGHT, LEFT, OUT)])
def test_a_passage_counts_once_in_its_direction_at_its_time(
    start: tuple[float, float], end: tuple[float, float], direction: Direction
) -> None:
    [crossing] = crossings(of_one(walk(start, end)))

    assert crossing.direction is direction
    assert crossing.time_s == pytest.approx(2.5, abs=0.1)
    assert (crossing.line, crossing.track, crossing.ordinal) == ("across", 0, 0)
    assert crossing.score == pytest.approx(0.9)


def test_the_side_follows_the_published_rule() -> None:
    line = Line("down", ((0.2, 0.5), (0.8, 0.5)))

    [crossing] = crossings(of_one(walk((0.5, 0.3), (0.5, 0.7))), [line])

    # (x2 − x1)(yq − y1) is negative above the line and positive below it.
    assert crossing.direction is IN


def test_dithering_on_the_line_counts_once_if_it_ends_on_the_other_side() -> None:
    dither = [(0.5 + offset, 0.5) for offset in (0.004, -0.004) * 20]

    assert directions([*walk(LEFT, (0.5, 0.5)), *dither, *walk((0.5, 0.5), RIGHT)]) == [IN]


def test_dithering_on_the_line_counts_nothing_if_it_goes_back() -> None:
    dither = [(0.5 + offset, 0.5) for offset in (0.004, -0.004) * 20]

    assert directions([*walk(LEFT, (0.496, 0.5)), *dither, *walk((0.496, 0.5), LEFT)]) == []


def test_standing_on_the_line_for_long_counts_nothing_more() -> None:
    sway = [(0.5 + 0.004 * (-1) ** k, 0.5) for k in range(600)]

    coming_to_rest = [(0.5 + 0.02 * (1 - k / 10) ** 2, 0.5) for k in range(10)]

    assert directions([*walk(LEFT, (0.52, 0.5)), *coming_to_rest, *sway]) == [IN]


def test_a_turn_short_of_the_line_counts_nothing() -> None:
    assert directions([*walk(LEFT, (0.49, 0.5)), *walk((0.49, 0.5), LEFT)]) == []


def test_a_turn_beyond_the_line_counts_both_ways() -> None:
    there, back = walk(LEFT, RIGHT), walk(RIGHT, LEFT)

    counted = crossings(of_one([*there, *back, *there]))

    assert [(one.direction, one.ordinal) for one in counted] == [(IN, 0), (OUT, 1), (IN, 2)]


def test_a_path_beyond_the_ends_does_not_count() -> None:
    short = Line("short", ((0.5, 0.4), (0.5, 0.2)))

    assert crossings(of_one(walk(LEFT, RIGHT)), [short]) == []


def test_who_walks_round_the_end_has_crossed_once() -> None:
    short = Line("short", ((0.5, 0.7), (0.5, 0.5)))
    across, up = walk((0.4, 0.6), (0.6, 0.6)), walk((0.6, 0.6), (0.6, 0.4))
    back, down = walk((0.6, 0.4), (0.4, 0.4)), walk((0.4, 0.4), (0.4, 0.6))

    counted = crossings(of_one([*across, *up, *back, *down, *across]), [short])

    assert [one.direction for one in counted] == [IN, IN]


def test_nothing_fast_jumps_over_the_line() -> None:
    once_a_second = of_one(walk(LEFT, RIGHT, steps=5))

    [crossing] = crossings(once_a_second, step_s=1.0)

    assert crossing.time_s == pytest.approx(2.5, abs=0.1)


def test_who_is_hidden_at_the_line_crosses_it() -> None:
    path: list[tuple[float, float] | None] = [*walk(LEFT, RIGHT)]
    path[18:33] = [None] * 15

    [crossing] = crossings(of_one(path))

    assert crossing.time_s == pytest.approx(2.5, abs=0.2)
    assert crossing.track == 0


def test_a_crossing_before_the_track_is_believed_counts() -> None:
    assert directions([*walk((0.488, 0.5), RIGHT)]) == [IN]


def test_a_track_that_ends_just_past_the_line_has_crossed() -> None:
    assert directions([*walk(LEFT, (0.507, 0.5))]) == [IN]


def test_people_who_meet_at_the_line_cross_both_ways() -> None:
    there, back = walk((0.3, 0.5), (0.7, 0.5)), walk((0.7, 0.53), (0.3, 0.53))

    counted = crossings([seen(*feet) for feet in zip(there, back, strict=True)])

    assert {one.direction for one in counted} == {IN, OUT}
    assert len(counted) == 2


@pytest.mark.parametrize(
    ("anchor", "counts"), [(Anchor.FOOT, 1), (Anchor.CENTRE, 0), (Anchor.HEAD, 0)]
)
def test_the_anchor_must_cross(anchor: Anchor, counts: int) -> None:
    # The feet pass below 0.5, the middle and the head stay above the end of the line.
    line = Line("low", ((0.5, 0.9), (0.5, 0.48)), anchor)

    assert len(crossings(of_one(walk(LEFT, RIGHT)), [line])) == counts


def test_every_line_counts_for_itself() -> None:
    lines = [
        ACROSS,
        Line("other way", ACROSS.points[::-1]),
        Line("far", ((0.9, 0.9), (0.9, 0.1))),
    ]

    counted = crossings(of_one(walk(LEFT, RIGHT)), lines)

    assert [(one.line, one.direction) for one in counted] == [("across", IN), ("other way", OUT)]


def test_the_class_is_the_one_that_was_seen_most() -> None:
    frames = [seen(foot, class_id=2 if k % 4 else 7) for k, foot in enumerate(walk(LEFT, RIGHT))]

    assert crossings(frames)[0].class_id == 2


@pytest.mark.parametrize(("start", "end", "direction"), [(LEFT, RIGHT, IN), (RIGHT, LEFT, OUT)])
def test_a_step_exactly_on_the_line_is_part_of_the_passage(
    start: tuple[float, float], end: tuple[float, float], direction: Direction
) -> None:
    path = [*walk(start, (0.5, 0.5)), *walk((0.5, 0.5), end)]

    assert directions([*path]) == [direction]


@pytest.mark.parametrize("end", [LEFT, RIGHT])
def test_who_appears_on_the_line_has_not_crossed_it(end: tuple[float, float]) -> None:
    assert directions([*walk((0.5, 0.5), end)]) == []
