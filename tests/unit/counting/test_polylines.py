"""Lines with corners count as one line; lines that do not count U-turns wait for whoever comes back."""

import pytest

from tally.counting import CountingEngine, Direction, Line
from tests.unit.counting.scenes import ACROSS, FRAME, crossings, of_one, seen, walk, watch

IN, OUT = Direction.IN, Direction.OUT
Point = tuple[float, float]

# Open to the bottom, like three walls with doors; inside is where `in` leads.
CORNERED = Line("porch", ((0.4, 0.8), (0.4, 0.5), (0.6, 0.5), (0.6, 0.8)))
MIDDLE = (0.5, 0.7)
FAR_LEFT, FAR_RIGHT = (0.2, 0.7), (0.8, 0.7)
LEFT, RIGHT = (0.3, 0.5), (0.7, 0.5)


def directions(path: list[Point], line: Line) -> list[Direction]:
    return [crossing.direction for crossing in crossings(of_one(path), [line])]


@pytest.mark.parametrize("outside", [FAR_LEFT, FAR_RIGHT, (0.5, 0.3), (0.2, 0.3), (0.8, 0.3)])
def test_every_segment_counts(outside: Point) -> None:
    assert directions(walk(outside, MIDDLE), CORNERED) == [IN]
    assert directions(walk(MIDDLE, outside), CORNERED) == [OUT]


@pytest.mark.parametrize("corner", [(0.4, 0.5), (0.6, 0.5)])
@pytest.mark.parametrize("offset", [-0.01, -1e-4, 0.0, 1e-4, 0.01])
def test_passing_a_corner_counts_once(corner: Point, offset: float) -> None:
    # Straight through the corner or very near it, at 45 degrees.
    outward = -0.15 if corner[0] < 0.5 else 0.15
    inside = (corner[0] - outward + offset, corner[1] + 0.15)
    outside = (corner[0] + outward + offset, corner[1] - 0.15)

    assert directions(walk(outside, inside), CORNERED) == [IN]


def test_passing_through_counts_in_and_out() -> None:
    assert directions(walk(FAR_LEFT, FAR_RIGHT), CORNERED) == [IN, OUT]


def test_passing_beyond_an_end_does_not_count() -> None:
    assert directions([*walk((0.2, 0.9), (0.5, 0.9)), *walk((0.5, 0.9), MIDDLE)], CORNERED) == []


def test_whoever_walks_along_it_outside_does_not_count() -> None:
    path = [*walk((0.35, 0.8), (0.35, 0.45)), *walk((0.35, 0.45), (0.65, 0.45))]

    assert directions([*path, *walk((0.65, 0.45), (0.65, 0.8))], CORNERED) == []


def test_dithering_at_a_corner_counts_once() -> None:
    dither = [(0.4 + offset, 0.5 + offset) for offset in (0.004, -0.004) * 20]
    path = [*walk((0.25, 0.35), (0.4, 0.5)), *dither, *walk((0.4, 0.5), (0.5, 0.6))]

    assert directions(path, CORNERED) == [IN]


def test_the_moment_is_when_the_segment_was_passed() -> None:
    [crossing] = crossings(of_one(walk(FAR_LEFT, MIDDLE)), [CORNERED])

    assert crossing.time_s == pytest.approx(2.5, abs=0.1)


def turning(seconds: float) -> Line:
    return Line(ACROSS.name, ACROSS.points, u_turn_s=seconds)


THERE, BACK = walk(LEFT, RIGHT), walk(RIGHT, LEFT)
"""The line is passed 2.5 s after the start of each, so that they are about 5 s apart."""


def test_a_u_turn_in_time_counts_neither_way() -> None:
    assert directions([*THERE, *BACK], turning(6)) == []


def test_a_u_turn_later_counts_both_ways() -> None:
    assert directions([*THERE, *BACK], turning(4)) == [IN, OUT]


def test_whoever_turns_twice_has_crossed_once() -> None:
    counted = crossings(of_one([*THERE, *BACK, *THERE]), [turning(6)])

    assert [(one.direction, one.ordinal) for one in counted] == [(IN, 0)]
    assert counted[0].time_s == pytest.approx(12.7, abs=0.2)


def test_dithering_counts_once_where_u_turns_do_not_count() -> None:
    dither = [(0.5 + offset, 0.5) for offset in (0.004, -0.004) * 20]
    path = [*walk(LEFT, (0.5, 0.5)), *dither, *walk((0.5, 0.5), RIGHT)]

    assert directions(path, turning(3)) == [IN]


@pytest.mark.parametrize("seconds", [0, 3])
def test_a_u_turn_inside_the_band_never_counts(seconds: float) -> None:
    line = turning(seconds)

    assert directions([*walk(LEFT, (0.506, 0.5)), *walk((0.506, 0.5), LEFT)], line) == []


def test_a_u_turn_in_the_last_moment_is_waited_for() -> None:
    # He passes the line within 3 s of having passed it first, and then stays inside the band for longer.
    path = [*walk((0.4, 0.5), (0.6, 0.5)), *walk((0.6, 0.5), (0.495, 0.5)), *[(0.495, 0.5)] * 10]

    assert directions([*path, *walk((0.495, 0.5), LEFT)], turning(3)) == []


def test_a_crossing_is_told_when_nobody_can_come_back_in_time() -> None:
    engine = CountingEngine(lines=[turning(1)], frame_size=FRAME)

    told = [bool(result.crossings) for result in watch(engine, of_one([*THERE]))]

    assert told.index(True) == pytest.approx(36, abs=2)


def test_whoever_is_lost_has_not_come_back() -> None:
    frames = [*of_one(walk(LEFT, (0.55, 0.5))), *[seen()] * 5]

    assert [one.direction for one in crossings(frames, [turning(60)])] == [IN]
