"""The demo's truth, against a count made another way: dense samples of everybody's foot point."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tally.counting import Anchor, Direction, Line, Mask, Zone
from tally.worker.agent.sources.demo.layout import DEMO_LINES, DEMO_ZONES
from tally.worker.agent.sources.demo.options import DemoOptions
from tally.worker.agent.sources.demo.reference import Reference, Totals
from tally.worker.agent.truth import Truth
from tests.unit.worker.agent.scenes import task

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
URI = "demo://plaza?seed=5&walkers=30"
SECONDS = 240.0
RATE = 50
BAND = 0.1

LINES = [
    *DEMO_LINES,
    Line("across", ((0.05, 0.55), (0.95, 0.6))),
    Line("slanted", ((0.7, 0.3), (0.25, 0.9))),
    Line("short", ((0.45, 0.5), (0.55, 0.7))),
    Line("backwards", DEMO_LINES[0].points[::-1]),
]


@pytest.fixture(scope="module")
def paths() -> dict[int, list[tuple[float, NDArray[np.float64], float]]]:
    """For each walker: time, foot point and body height in the picture, `RATE` times a second."""
    scene = DemoOptions.parse(URI).scene()
    found = defaultdict(list)
    for sample in range(round(SECONDS * RATE)):
        time_s = sample / RATE
        walkers = scene.walkers_at(time_s)
        ground = np.array([(w.x, w.y, 0) for w in walkers])
        crowns = np.array([(w.x, w.y, w.appearance.height) for w in walkers])
        feet, _ = scene.camera.project(ground)
        heads, _ = scene.camera.project(crowns)
        for walker, foot, head in zip(walkers, feet, heads, strict=True):
            found[walker.id].append((time_s, foot, foot[1] - head[1]))
    return dict(found)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_crossings_equal_those_seen_in_dense_samples(
    line: Line, paths: dict[int, list[tuple[float, NDArray[np.float64], float]]]
) -> None:
    # Who was near the line when the samples begin or end is not known: leave out some seconds.
    start_s, end_s = 10, SECONDS - 10
    expected = sorted(
        (walker, time_s, direction)
        for walker, path in paths.items()
        for time_s, direction in _count(path, line)
        if start_s <= time_s < end_s
    )
    found = sorted(
        (crossing.walker, (crossing.at - BEGAN).total_seconds(), crossing.direction.value)
        for crossing in Reference(URI, began=BEGAN).crossings(
            line, BEGAN + timedelta(seconds=start_s), BEGAN + timedelta(seconds=end_s)
        )
    )
    assert len(expected) >= 5
    assert [(walker, way) for walker, _, way in found] == [(w, way) for w, _, way in expected]
    assert [at for _, at, _ in found] == pytest.approx([at for _, at, _ in expected], abs=1 / RATE)


def _count(
    path: list[tuple[float, NDArray[np.float64], float]], line: Line
) -> list[tuple[float, str]]:
    """A plain state machine, sample by sample, in units of the picture's height."""
    (x1, y1), (x2, y2) = ((x * 16 / 9, y) for x, y in line.points)
    length = float(np.hypot(x2 - x1, y2 - y1))
    crossings: list[tuple[float, str]] = []
    settled, net, passed, last = 0, 0, 0.0, 0.0
    for time_s, (u, y), height in path:
        x = u * 16 / 9
        distance = ((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length
        place = ((x2 - x1) * (x - x1) + (y2 - y1) * (y - y1)) / length**2
        if not settled:
            settled, last = (1 if distance > 0 else -1), distance
        if (last < 0) != (distance < 0) and 0 <= place <= 1:
            net += 1 if distance >= 0 else -1
            passed = time_s
        last = distance
        if abs(distance) > BAND * height:
            side = 1 if distance > 0 else -1
            if side != settled and net * side > 0:
                crossings.append((passed, "in" if side > 0 else "out"))
            settled, net = side, 0
    return crossings


def test_totals_add_up_over_adjacent_spans() -> None:
    reference = Reference(URI, began=BEGAN)
    moments = [BEGAN + timedelta(seconds=s) for s in (0, 13.7, 61.2, 200, 300)]
    parts = [reference.totals(DEMO_LINES[0], start, end) for start, end in pairwise(moments)]
    whole = reference.totals(DEMO_LINES[0], moments[0], moments[-1])
    assert whole == Totals(sum(p.into for p in parts), sum(p.out for p in parts))
    assert whole.into > 10
    assert whole.out > 10


def test_a_line_the_other_way_round_swaps_in_and_out() -> None:
    reference = Reference(URI, began=BEGAN)
    end = BEGAN + timedelta(seconds=SECONDS)
    there, back = (reference.totals(line, BEGAN, end) for line in (DEMO_LINES[0], LINES[-1]))
    assert (there.into, there.out) == (back.out, back.into)


def test_walking_to_the_right_over_the_default_line_is_in() -> None:
    reference = Reference(URI, began=BEGAN)
    crossing = next(
        c
        for c in reference.crossings(DEMO_LINES[0], BEGAN, BEGAN + timedelta(minutes=3))
        if c.direction is Direction.IN
    )
    before, after = (
        next(
            p.foot[0]
            for p in reference.people(crossing.at + timedelta(seconds=s))
            if p.walker == crossing.walker
        )
        for s in (-0.4, 0.4)
    )
    assert before < 0.5 < after


def test_occupancy_counts_the_feet_inside_the_polygon() -> None:
    reference = Reference(URI, began=BEGAN)
    square = Zone("square", polygon=((0.3, 0.4), (0.7, 0.4), (0.7, 0.8), (0.3, 0.8)))
    seen = set()
    for second in range(0, 120, 2):
        at = BEGAN + timedelta(seconds=second)
        inside = sum(
            0.3 <= p.foot[0] <= 0.7 and 0.4 <= p.foot[1] <= 0.8 for p in reference.people(at)
        )
        assert reference.occupancy(square, at) == inside
        seen.add(inside)
    assert len(seen) > 3


def test_nobody_outside_the_picture_counts() -> None:
    reference = Reference(URI, began=BEGAN)
    everywhere = Zone("all", polygon=((-9, -9), (9, -9), (9, 9), (-9, 9)))
    scene = DemoOptions.parse(URI).scene()
    outside = 0
    for second in range(0, 120, 5):
        at = BEGAN + timedelta(seconds=second)
        people = reference.people(at)
        assert all(0 <= value <= 1 for p in people for value in p.foot)
        assert reference.occupancy(everywhere, at) == len(people)
        outside += len(scene.walkers_at(second)) - len(people)
    assert outside > 20


def test_the_default_layout_sees_people() -> None:
    reference = Reference("demo://plaza", began=BEGAN)
    hour = reference.totals(DEMO_LINES[0], BEGAN, BEGAN + timedelta(hours=1))
    assert hour.into > 200
    assert hour.out > 200
    moments = (BEGAN + timedelta(seconds=s) for s in range(0, 600, 10))
    assert max(reference.occupancy(DEMO_ZONES[0], at) for at in moments) >= 3


@pytest.mark.parametrize(
    "line",
    [
        Line("a", ((0, 0), (1, 1)), anchor=Anchor.HEAD),
        Line("a", ((0, 0), (1, 1), (1, 0))),
        Line("a", ((0, 0), (1, 1)), u_turn_s=1),
    ],
    ids=["head", "corner", "no U-turns"],
)
def test_what_it_does_not_know_it_refuses_and_tells_nothing_of(line: Line) -> None:
    reference = Reference(URI, began=BEGAN)
    with pytest.raises(ValueError, match="not anchored at the foot, or no plain line"):
        reference.totals(line, BEGAN, BEGAN)
    truth = Truth(reference, [line, *DEMO_LINES], DEMO_ZONES)
    assert [total.line for total in truth.totals(BEGAN)] == [DEMO_LINES[0].name]


def test_the_truth_includes_what_masks_hide_so_that_none_is_told() -> None:
    assert Truth.of(task(uri=URI), live=True) is not None
    assert Truth.of(task(uri=URI, masks=(Mask(((0, 0), (1, 0), (1, 1))),)), live=True) is None
