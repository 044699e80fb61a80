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


LOITERED = Zone("square", SQUARE.polygon, loitering_s=3.0)


def test_who_stays_for_long_loiters_once_from_then_on() -> None:
    path: list[Point | None] = [*walk(OUTSIDE, INSIDE), *[INSIDE] * 60, *walk(INSIDE, BEYOND)]

    entry, loitering, exit_ = visits(path, LOITERED)

    assert (entry.kind, loitering.kind, exit_.kind) == (ENTRY, VisitKind.LOITERING, EXIT)
    assert loitering.time_s == entry.time_s + 3.0
    assert (loitering.track, loitering.ordinal, loitering.dwell_s) == (entry.track, 0, None)
    told = next(
        k
        for k, result in enumerate(results(path, LOITERED))
        if any(visit.kind is VisitKind.LOITERING for visit in result.visits)
    )
    assert told * STEP_S == pytest.approx(loitering.time_s, abs=STEP_S)


def test_who_passes_through_does_not_loiter() -> None:
    assert [visit.kind for visit in visits([*walk(OUTSIDE, BEYOND)], LOITERED)] == [ENTRY, EXIT]


def test_each_visit_is_loitering_of_its_own() -> None:
    stay: list[Point | None] = [*walk(OUTSIDE, INSIDE), *[INSIDE] * 40, *walk(INSIDE, OUTSIDE)]

    loitering = [v for v in visits([*stay, *stay], LOITERED) if v.kind is VisitKind.LOITERING]

    assert [visit.ordinal for visit in loitering] == [0, 1]


def test_who_was_hidden_when_he_began_to_loiter_is_told_of_when_he_is_lost() -> None:
    path: list[Point | None] = [*walk(OUTSIDE, INSIDE), *[INSIDE] * 20, *[None] * 15, INSIDE]

    shown = visits([*path, *[None] * 30], LOITERED)

    assert [visit.kind for visit in shown] == [ENTRY, VisitKind.LOITERING, EXIT]


def test_a_zone_cannot_have_people_loiter_at_once() -> None:
    with pytest.raises(ValueError, match="cannot have people loiter"):
        Zone("square", SQUARE.polygon, loitering_s=0.0)


QUEUE = Zone("queue", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)), queue=True)
SERVICE_S, WAITING = 10.0, 5
PLACES = [(0.1 + 0.15 * k, 0.3) for k in range(WAITING)]


def queueing(seconds: float) -> list[list[Point]]:
    """Somebody is served every ten seconds, while five wait: each place is given to another one then."""
    frames = []
    for k in range(int(seconds / STEP_S)):
        served, since = divmod(k * STEP_S, SERVICE_S)
        leaver = int(served) % WAITING
        feet = list(PLACES)
        if since < 2.5:  # nobody is there for long enough to be somebody else then
            feet.pop(leaver)
        frames.append(feet)
    return frames


def test_who_joins_a_queue_waits_as_long_as_all_before_him_are_served() -> None:
    engine = CountingEngine(zones=[QUEUE], frame_size=FRAME)

    waits = [r.waits_s for r in watch(engine, [seen(*feet) for feet in queueing(300)])]

    assert waits[0] == {}
    steady = [wait["queue"] for wait in waits[1000:-1]]
    assert min(steady) > 0.75 * SERVICE_S * WAITING
    assert max(steady) < 1.3 * SERVICE_S * WAITING


def test_of_a_queue_that_nobody_leaves_nothing_is_known() -> None:
    engine = CountingEngine(zones=[QUEUE], frame_size=FRAME)

    assert all(not r.waits_s for r in watch(engine, [seen(*PLACES)] * 50) if r.occupancy["queue"])


def test_zones_that_are_no_queues_tell_no_waits() -> None:
    assert not any(result.waits_s for result in results([*walk(OUTSIDE, BEYOND)]))


def test_each_entry_where_nobody_may_be_is_an_intrusion() -> None:
    forbidden = Zone("square", SQUARE.polygon, restricted=True)

    shown = visits([*walk(OUTSIDE, BEYOND), *walk(BEYOND, OUTSIDE)], forbidden)

    once = [ENTRY, VisitKind.INTRUSION, EXIT]
    assert [visit.kind for visit in shown] == [*once, *once]
    assert [visit.ordinal for visit in shown] == [0, 0, 0, 1, 1, 1]
    assert shown[0].time_s == shown[1].time_s
