"""Zones count who enters, leaves and stays."""

import pytest

from tally.counting import Anchor, CountingEngine, FrameResult, Visit, VisitKind, Zone
from tests.unit.counting.scenes import FRAME, STEP_S, Point, of_one, seen, walk, watch

SQUARE = Zone("square", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
OUTSIDE, INSIDE, BEYOND = (0.2, 0.5), (0.5, 0.5), (0.8, 0.5)
ENTRY, EXIT = VisitKind.ENTRY, VisitKind.EXIT


def results(path: list[Point | None], zone: Zone = SQUARE) -> list[FrameResult]:
    return list(watch(CountingEngine(zones=[zone], frame_size=FRAME), of_one(path)))


def visits(path: list[Point | None], zone: Zone = SQUARE) -> list[Visit]:
    return [visit for result in results(path, zone) for visit in result.visits]


def test_who_passes_through_enters_and_leaves() -> None:
    entry, exit_ = visits([*walk(OUTSIDE, BEYOND)])

    assert (entry.kind, entry.ordinal, entry.dwell_s) == (ENTRY, 0, None)
    assert (exit_.kind, exit_.ordinal) == (EXIT, 0)
    assert entry.time_s == pytest.approx(2.5, abs=0.15)
    assert exit_.dwell_s == pytest.approx(2.5, abs=0.15)
    assert entry.track == exit_.track == 0


def test_occupancy_is_who_is_inside() -> None:
    occupancy = [result.occupancy["square"] for result in results([*walk(OUTSIDE, BEYOND)])]

    assert set(occupancy) == {0, 1}
    assert occupancy[0] == occupancy[-1] == 0


def test_who_appears_inside_has_entered() -> None:
    assert [visit.kind for visit in visits([*walk(INSIDE, BEYOND)])] == [ENTRY, EXIT]


def test_swaying_on_the_border_neither_enters_nor_leaves() -> None:
    sway = [(0.4 + 0.005 * (-1) ** k, 0.5) for k in range(100)]

    assert visits([*walk(OUTSIDE, (0.395, 0.5)), *sway, *walk((0.395, 0.5), OUTSIDE)]) == []


def test_standing_just_inside_the_border_is_entering() -> None:
    path = [*walk(OUTSIDE, (0.405, 0.5)), *[(0.405, 0.5)] * 20]

    assert [visit.kind for visit in visits([*path])] == [ENTRY, EXIT]


def test_a_track_lost_inside_leaves_when_it_was_last_seen() -> None:
    path = walk(OUTSIDE, INSIDE)

    shown = results([*path, *[None] * 40])

    [exit_] = [visit for result in shown for visit in result.visits if visit.kind is EXIT]
    assert exit_.time_s == pytest.approx((len(path) - 1) * STEP_S)
    lost_for = [result.occupancy["square"] for result in shown[len(path) :]]
    assert lost_for == [1] * lost_for.count(1) + [0] * lost_for.count(0)
    assert lost_for.count(1) * STEP_S == pytest.approx(2.0, abs=0.15)


def test_who_is_hidden_inside_for_a_moment_stays() -> None:
    path: list[Point | None] = [*walk(OUTSIDE, INSIDE), *[INSIDE] * 30, *walk(INSIDE, BEYOND)]
    path[45:60] = [None] * 15

    assert [visit.kind for visit in visits(path)] == [ENTRY, EXIT]


def test_returning_is_the_next_visit() -> None:
    there, back = walk(OUTSIDE, BEYOND), walk(BEYOND, OUTSIDE)

    assert [(one.kind, one.ordinal) for one in visits([*there, *back])] == [
        (ENTRY, 0),
        (EXIT, 0),
        (ENTRY, 1),
        (EXIT, 1),
    ]


def test_several_people_are_counted_each() -> None:
    engine = CountingEngine(zones=[SQUARE], frame_size=FRAME)
    frames = [seen((0.45, 0.5), (0.55, 0.5), (0.2, 0.5))] * 10

    shown = list(watch(engine, frames))

    assert shown[-2].occupancy == {"square": 2}
    assert shown[-1].occupancy == {"square": 0}


def test_zones_need_not_be_convex_and_may_overlap() -> None:
    notched = Zone(
        "notched", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.5, 0.45), (0.3, 0.7)), Anchor.CENTRE
    )
    engine = CountingEngine(zones=[notched, SQUARE], frame_size=FRAME)

    shown = list(watch(engine, [seen((0.5, 0.58), (0.33, 0.6))] * 8))

    # The first one's middle is in the notch; the second one's is in the left wing.
    assert shown[-2].occupancy == {"notched": 1, "square": 1}
