"""What must hold for whatever a camera may see."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.random import default_rng
from numpy.typing import NDArray

from tally.counting import (
    CountingEngine,
    Crossing,
    Detections,
    Direction,
    FrameResult,
    Line,
    VisitKind,
    Zone,
)
from tests.unit.counting.scenes import FRAME, STEP_S, watch

OPPOSITE = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}

quick = settings(max_examples=15)
seeds = st.integers(0, 2**32 - 1)
# Multiples of 1/64 are exact in float32, so that a scene can be moved without rounding.
coordinates = st.integers(16, 48).map(lambda k: k / 64)
points = st.tuples(coordinates, coordinates)


@st.composite
def polylines(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    """From left to right, so that no segments cross."""
    across = sorted(draw(st.sets(coordinates, min_size=2, max_size=8)))
    return tuple((x, draw(coordinates)) for x in across)


@dataclass
class Scene:
    frames: list[Detections]

    def moved(self, x: float, y: float) -> "Scene":
        shift = np.array([x, y, x, y], np.float32)
        return Scene([Detections(f.boxes + shift, f.scores, f.classes) for f in self.frames])

    def mirrored(self) -> "Scene":
        def mirror(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
            left, top, right, bottom = boxes.T
            return np.stack([1 - right, top, 1 - left, bottom], axis=1)

        return Scene([Detections(mirror(f.boxes), f.scores, f.classes) for f in self.frames])


def wander(seed: int, people: int = 4, frames: int = 60) -> Scene:
    """People who wander about, are missed now and then, on coordinates exact in float32."""
    random = default_rng(seed)
    feet = random.uniform(0.3, 0.7, (people, 2))
    way = random.normal(0, 0.01, (people, 2))
    seen = []
    for _ in range(frames):
        way += random.normal(0, 0.003, way.shape)
        feet = np.clip(feet + way, 0.2, 0.8)
        found = random.random(people) > 0.1
        exact = np.round(feet[found] * 4096) / 4096
        boxes = np.tile(exact, 2) + np.array([-1 / 32, -1 / 8, 1 / 32, 0])
        scores = random.uniform(0.3, 0.95, len(boxes)).astype(np.float32)
        seen.append(Detections(boxes.astype(np.float32), scores, np.zeros(len(boxes), np.int32)))
    return Scene(seen)


def run(scene: Scene, lines: list[Line], zones: list[Zone] | None = None) -> list[FrameResult]:
    engine = CountingEngine(lines=lines, zones=zones or [], frame_size=FRAME)
    return list(watch(engine, scene.frames))


def counted(results: list[FrameResult]) -> list[Crossing]:
    return [crossing for result in results for crossing in result.crossings]


def totals(results: list[FrameResult]) -> Counter[Direction]:
    return Counter(crossing.direction for crossing in counted(results))


def assert_same(one: FrameResult, other: FrameResult) -> None:
    assert (one.crossings, one.visits, one.occupancy) == (
        other.crossings,
        other.visits,
        other.occupancy,
    )
    np.testing.assert_array_equal(one.tracks.boxes, other.tracks.boxes)
    np.testing.assert_array_equal(one.tracks.ids, other.tracks.ids)


@quick
@given(seeds, points, points)
def test_the_same_frames_give_the_same_results(
    seed: int, start: tuple[float, float], end: tuple[float, float]
) -> None:
    assume(start != end)
    lines, zones = (
        [Line("line", (start, end))],
        [Zone("zone", ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)))],
    )

    first, second = (run(wander(seed), lines, zones) for _ in range(2))

    for one, other in zip(first, second, strict=True):
        assert_same(one, other)


@quick
@given(seeds, polylines())
def test_turning_a_line_round_swaps_in_and_out(
    seed: int, points: tuple[tuple[float, float], ...]
) -> None:
    scene = wander(seed)

    there = counted(run(scene, [Line("line", points)]))
    back = counted(run(scene, [Line("line", points[::-1])]))

    assert [(one.track, one.direction) for one in there] == [
        (one.track, OPPOSITE[one.direction]) for one in back
    ]


@quick
@given(seeds, polylines())
def test_mirroring_swaps_in_and_out(seed: int, points: tuple[tuple[float, float], ...]) -> None:
    scene = wander(seed)
    mirrored = Line("line", tuple((1 - x, y) for x, y in points))

    here = totals(run(scene, [Line("line", points)]))
    there = totals(run(scene.mirrored(), [mirrored]))

    assert here == Counter({OPPOSITE[way]: count for way, count in there.items()})


@quick
@given(seeds, polylines(), st.integers(-8, 8), st.integers(-8, 8))
def test_moving_everything_changes_nothing(
    seed: int, points: tuple[tuple[float, float], ...], across: int, down: int
) -> None:
    x, y = across / 64, down / 64
    moved = Line("line", tuple((each[0] + x, each[1] + y) for each in points))
    scene = wander(seed)

    assert totals(run(scene, [Line("line", points)])) == totals(run(scene.moved(x, y), [moved]))


@quick
@given(seeds, points, points, st.integers(1, 15))
def test_points_on_a_line_change_nothing(
    seed: int, start: tuple[float, float], end: tuple[float, float], segments: int
) -> None:
    assume(start != end)
    shares = [k / segments for k in range(segments + 1)]
    points = tuple(
        (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
        for share in shares
    )
    scene = wander(seed)

    plain, cut = (counted(run(scene, [Line("line", each)])) for each in ((start, end), points))

    assert [(one.track, one.direction) for one in plain] == [
        (one.track, one.direction) for one in cut
    ]
    assert [one.time_s for one in plain] == pytest.approx([one.time_s for one in cut])


@quick
@given(seeds, st.floats(0.1, 5))
def test_u_turns_that_do_not_count_take_as_many_in_as_out(seed: int, window_s: float) -> None:
    across = ((0.5, 1.0), (0.5, 0.0))

    both = totals(run(wander(seed, frames=100), [Line("line", across)]))
    turned = totals(run(wander(seed, frames=100), [Line("line", across, u_turn_s=window_s)]))

    assert both[Direction.IN] - turned[Direction.IN] == both[Direction.OUT] - turned[Direction.OUT]
    assert turned[Direction.IN] <= both[Direction.IN]


@quick
@given(seeds)
def test_inside_is_in_minus_out(seed: int) -> None:
    """A line across the whole picture: crossings of one track alternate, so they net to −1, 0 or 1."""
    through = Line("through", ((0.5, 1.0), (0.5, 0.0)))

    results = run(wander(seed, people=6, frames=100), [through])

    for track in {one.track for one in counted(results)}:
        ways = [one.direction for one in counted(results) if one.track == track]
        assert all(way is not following for way, following in pairwise(ways))


@quick
@given(seeds)
def test_occupancy_is_entries_minus_exits_at_all_times(seed: int) -> None:
    zones = [
        Zone("middle", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))),
        Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))),
    ]
    inside: Counter[str] = Counter()

    for result in run(wander(seed, people=8, frames=100), [], zones):
        for visit in result.visits:
            inside[visit.zone] += 1 if visit.kind is VisitKind.ENTRY else -1
            assert visit.dwell_s is None or visit.dwell_s >= 0
        assert result.occupancy == {zone.name: inside[zone.name] for zone in zones}
        assert min(result.occupancy.values()) >= 0

    assert set(result.occupancy.values()) == {0}


@quick
@given(seeds)
def test_every_crossing_has_its_own_identity(seed: int) -> None:
    lines = [Line("a", ((0.5, 1.0), (0.5, 0.0))), Line("b", ((0.0, 0.5), (1.0, 0.5)))]

    crossings = counted(run(wander(seed, people=6, frames=100), lines))

    assert len({(one.track, one.line, one.ordinal) for one in crossings}) == len(crossings)


@quick
@given(seeds, polylines(), polylines())
def test_each_crossing_follows_an_earlier_one_of_its_track_or_none(
    seed: int, a: tuple[tuple[float, float], ...], b: tuple[tuple[float, float], ...]
) -> None:
    lines = [Line("a", a), Line("b", b), Line("c", ((0.5, 1.0), (0.5, 0.0)))]

    before: dict[int, set[str]] = {}
    crossings = counted(run(wander(seed, people=6, frames=100), lines))
    for one in sorted(crossings, key=lambda each: each.time_s):
        earlier = before.setdefault(one.track, set())
        # One that takes long to settle may be told after later ones, and these do not follow it.
        assert one.previous is None or one.previous in earlier
        assert 0 < one.confidence < 1
        assert one.evidence
        earlier.add(one.line)


@quick
@given(seeds, st.integers(0, 59), polylines())
def test_splitting_a_stream_and_restoring_changes_nothing(
    seed: int, split: int, points: tuple[tuple[float, float], ...]
) -> None:
    scene = wander(seed)
    lines = [Line("line", points), Line("turns", ((0.5, 1.0), (0.5, 0.0)), u_turn_s=2.0)]
    zones = [Zone("zone", ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)), loitering_s=1.0, queue=True)]

    engine = CountingEngine(lines=lines, zones=zones, frame_size=FRAME)
    results = []
    for k, frame in enumerate(scene.frames):
        if k == split:
            state = engine.save()
            engine = CountingEngine(lines=lines, zones=zones, frame_size=FRAME)
            engine.restore(state)
            assert engine.save() == state
        results.append(engine.update(k * STEP_S, frame))
    results.append(engine.finish(len(scene.frames) * STEP_S))

    whole = CountingEngine(lines=lines, zones=zones, frame_size=FRAME)
    for k, (frame, result) in enumerate(zip(scene.frames, results[:-1], strict=True)):
        assert_same(result, whole.update(k * STEP_S, frame))
    assert_same(results[-1], whole.finish(len(scene.frames) * STEP_S))


@quick
@given(seeds)
def test_the_order_of_detections_does_not_matter(seed: int) -> None:
    random = default_rng(seed)

    def shuffled(frame: Detections) -> Detections:
        order = random.permutation(len(frame.boxes))
        return Detections(frame.boxes[order], frame.scores[order], frame.classes[order])

    scene, through = wander(seed), Line("through", ((0.5, 1.0), (0.5, 0.0)))
    mixed = Scene([shuffled(frame) for frame in scene.frames])

    assert totals(run(scene, [through])) == totals(run(mixed, [through]))


@quick
@given(seeds)
def test_what_cannot_be_an_object_changes_nothing(seed: int) -> None:
    worst = np.array(
        [
            [np.nan, 0.1, 0.2, 0.3],
            [0.1, 0.1, np.inf, 0.3],
            [0.3, 0.3, 0.1, 0.1],
            [0.1, 0.1, 0.1, 0.1],
            [-1e30, -1e30, 1e30, 1e30],
            [0.1, 0.1, 0.2, 0.3],
            [0.1, 0.1, 0.2, 0.3],
        ],
        np.float32,
    )
    unsure = np.array([0.9] * 5 + [np.nan, 1.5], np.float32)

    def littered(frame: Detections) -> Detections:
        return Detections(
            np.concatenate([worst, frame.boxes]),
            np.concatenate([unsure, frame.scores]),
            np.concatenate([np.zeros(len(worst), np.int32), frame.classes]),
        )

    scene, through = wander(seed), [Line("through", ((0.5, 1.0), (0.5, 0.0)))]

    clean = run(scene, through)
    dirty = run(Scene([littered(frame) for frame in scene.frames]), through)

    for one, other in zip(clean, dirty, strict=True):
        assert_same(one, other)


anything = st.floats(width=32, allow_nan=True, allow_infinity=True)


@st.composite
def nonsense(draw: st.DrawFn) -> Detections:
    count = draw(st.integers(0, 6))
    plausible = st.floats(-1, 2, width=32)
    return Detections(
        draw(arrays(np.float32, (count, 4), elements=st.one_of(plausible, anything))),
        draw(arrays(np.float32, count, elements=st.one_of(st.floats(0, 1, width=32), anything))),
        draw(arrays(np.int32, count)),
    )


@quick
@given(st.lists(nonsense(), max_size=12), st.lists(st.floats(1e-3, 1e6), min_size=12, max_size=12))
def test_no_input_breaks_it(frames: list[Detections], steps: list[float]) -> None:
    engine = CountingEngine(
        lines=[Line("line", ((0.5, 1.0), (0.5, 0.0)))],
        zones=[Zone("zone", ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)))],
        frame_size=FRAME,
    )
    time_s = 0.0
    with np.errstate(all="raise"):
        for frame, step in zip(frames, steps, strict=False):
            time_s += step
            result = engine.update(time_s, frame)
            assert np.isfinite(result.tracks.boxes).all()
            assert all(np.isfinite(one.time_s) for one in result.crossings)
        engine.finish(time_s + 1)
