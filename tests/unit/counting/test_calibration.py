"""Four places measured on the floor tell where everything on it is, and how fast."""

from itertools import permutations
from math import inf, radians

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally.counting import Calibration, CountingEngine, Crossing, Detections, Line
from tests.unit.counting.scenes import FRAME, STEP_S, Point, crossings, of_one, walk

PLAN = ((-2.0, 9.0), (2.0, 9.0), (2.0, 4.0), (-2.0, 4.0))
# A person's foot must go 0.2 of the picture for two metres.
FLAT = Calibration(
    ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    ((0.0, 10.0), (10.0, 10.0), (10.0, 0.0), (0.0, 0.0)),
)
LENS = 0.8


class Camera:
    """A pinhole at a height in metres that looks ahead and down."""

    def __init__(self, height: float, down: float) -> None:
        self.height, self.down = height, down

    def sees(self, place: Point) -> Point:
        """Where in the picture a place on the floor is."""
        x, y = place
        ahead = y * np.cos(self.down) + self.height * np.sin(self.down)
        below = self.height * np.cos(self.down) - y * np.sin(self.down)
        return float(0.5 + LENS * x / ahead), float(0.5 + LENS * below / ahead)


cameras = st.builds(Camera, st.floats(2.5, 4), st.floats(radians(20), radians(35)))
places = st.tuples(st.floats(-3, 3), st.floats(3, 12))


def calibrated(camera: Camera) -> Calibration:
    return Calibration(tuple(map(camera.sees, PLAN)), PLAN)


@given(cameras, places)
def test_any_place_on_the_floor_is_found_from_the_picture(camera: Camera, place: Point) -> None:
    x, y = camera.sees(place)
    to_floor = calibrated(camera).homography((1920, 1080))

    x_w, y_w, w = to_floor @ (x * 1920, y * 1080, 1.0)

    assert w > 0
    assert (x_w / w, y_w / w) == pytest.approx(place, abs=1e-6)


@given(cameras)
def test_what_no_camera_sees_is_refused(camera: Camera) -> None:
    seen = tuple(map(camera.sees, PLAN))
    mirrored = tuple((-x, y) for x, y in PLAN)

    with pytest.raises(ValueError, match="mirrored"):
        Calibration(seen, mirrored)
    with pytest.raises(ValueError, match="swapped"):
        Calibration(seen, (PLAN[1], PLAN[0], *PLAN[2:]))


def test_only_turning_the_plan_round_gives_another_calibration() -> None:
    seen = tuple(map(Camera(3, 0.5).sees, PLAN))
    taken = []
    for order in permutations(PLAN):
        try:
            taken.append(Calibration(seen, order).floor)
        except ValueError:
            continue

    assert sorted(taken) == sorted((*PLAN[k:], *PLAN[:k]) for k in range(4))


@pytest.mark.parametrize(
    ("floor", "reason"),
    [
        (PLAN[:3], "needs 4 places"),
        (((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, 4.0)), "in one line"),
        ((PLAN[0], PLAN[0], PLAN[2], PLAN[3]), "in one line"),
        (((inf, 0.0), *PLAN[1:]), "finite"),
    ],
)
def test_places_that_fix_no_floor_are_refused(floor: tuple[Point, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Calibration(FLAT.picture, floor)


@settings(max_examples=25)
@given(cameras, st.floats(0.6, 2.5), st.sampled_from([5, 10, 25]), st.booleans())
def test_whoever_walks_is_as_fast_as_he_is_near_and_far(
    camera: Camera, mps: float, fps: int, towards: bool
) -> None:
    along = np.arange(0, 6, mps / fps)
    path = [(0.3, 11 - y if towards else 5 + y) for y in along]
    lines = [
        Line(name, (camera.sees((-3, y)), camera.sees((3, y))))
        for name, y in (("near", 6.5), ("far", 9.5))
    ]
    engine = CountingEngine(lines=lines, calibration=calibrated(camera), frame_size=FRAME)

    counted: list[Crossing] = []
    for k, place in enumerate(path):
        x, y = camera.sees(place)
        box = np.array([[x - 0.1, y - 0.15, x + 0.1, y]], np.float32)
        frame = Detections(box, np.full(1, 0.9, np.float32), np.zeros(1, np.int32))
        counted += engine.update(k / fps, frame).crossings

    assert len(counted) == 2
    for crossing in counted:
        assert crossing.speed_mps == pytest.approx(mps, rel=0.1)


def test_the_speed_at_a_crossing_is_that_of_the_crossing_even_if_told_later() -> None:
    door = Line("door", ((0.5, 0.9), (0.5, 0.1)), u_turn_s=5.0)
    fast, slow = walk((0.2, 0.5), (0.52, 0.5), 40), walk((0.52, 0.5), (0.7, 0.5), 90)
    engine = CountingEngine(lines=[door], calibration=FLAT, frame_size=FRAME)

    [crossing] = [
        one
        for k, frame in enumerate(of_one([*fast, *slow[1:]]))
        for one in engine.update(k * STEP_S, frame).crossings
    ]

    assert crossing.speed_mps == pytest.approx(0.32 * 10 / 4.0, rel=0.05)


def test_without_a_calibration_nobody_knows_how_fast_people_are() -> None:
    [crossing] = crossings(of_one(walk((0.3, 0.5), (0.7, 0.5))))

    assert crossing.speed_mps is None


@given(st.integers(1, 30))
def test_splitting_the_stream_changes_no_speed(cut: int) -> None:
    def engine() -> CountingEngine:
        return CountingEngine(
            lines=[Line("door", ((0.5, 0.9), (0.5, 0.1)))], calibration=FLAT, frame_size=FRAME
        )

    frames = of_one(walk((0.3, 0.5), (0.7, 0.5)))
    whole, first, second = engine(), engine(), engine()
    wanted = [whole.update(k * STEP_S, frame).crossings for k, frame in enumerate(frames)]

    got = [first.update(k * STEP_S, frame).crossings for k, frame in enumerate(frames[:cut])]
    second.restore(first.save())
    got += [
        second.update((cut + k) * STEP_S, frame).crossings for k, frame in enumerate(frames[cut:])
    ]

    assert got == wanted
