"""The demo scene's people: a pure function of seed and time, and plausible as people."""

from itertools import combinations

import numpy as np
import pytest

from tally.worker.agent.sources.demo.figure import figures
from tally.worker.agent.sources.demo.scene import MAX_WALKERS, MIN_WALKERS, Scene

ASPECT = 16 / 9
LATE = 86_400 * 700.25  # how far into the scene its live viewers are


def _scene(seed: int = 1, walkers: int = 16) -> Scene:
    return Scene(seed=seed, walkers=walkers, aspect=ASPECT)


@pytest.mark.parametrize("time_s", [0.0, 17.3, LATE])
def test_a_moment_is_the_same_however_one_comes_to_it(time_s: float) -> None:
    gone_through = _scene()
    for step in range(300):
        gone_through.walkers_at(max(0.0, time_s - 300 + step))
    assert gone_through.walkers_at(time_s) == _scene().walkers_at(time_s)
    assert gone_through.sunshine_at(time_s) == _scene().sunshine_at(time_s)


def test_another_seed_is_another_scene() -> None:
    assert _scene(1).walkers_at(100) != _scene(2).walkers_at(100)


@pytest.mark.parametrize("walkers", [MIN_WALKERS, 16, MAX_WALKERS])
def test_never_more_people_than_asked_for_and_mostly_a_good_part_of_them(walkers: int) -> None:
    scene = _scene(walkers=walkers)
    present = [len(scene.walkers_at(time_s)) for time_s in np.arange(50, 650, 5.0)]
    assert max(present) <= walkers
    assert np.mean(present) > 0.4 * walkers


@pytest.mark.parametrize("start", [0.0, LATE])
def test_people_come_and_go_outside_the_picture(start: float) -> None:
    scene = _scene(walkers=MAX_WALKERS)
    trips = list(scene.trips(start + 100, start + 400))
    assert len(trips) > 200
    for trip in trips:
        for moment in (trip.walk.times[0] + 1e-6, trip.walk.times[-1] - 1e-6):
            (person,) = (w for w in scene.walkers_at(moment) if w.id == trip.walker)
            (figure,) = figures([person], scene.camera)
            left, top, right, bottom = figure.box
            assert right < 0 or left > 1 or bottom < 0 or top > 1


def test_nobody_jumps_and_nobody_runs() -> None:
    for trip in _scene(walkers=MAX_WALKERS).trips(0, 600):
        walk = trip.walk
        steps = np.hypot(*np.diff(walk.points, axis=0).T)
        seconds = np.diff(walk.times)
        assert (seconds > 0).all()
        assert (steps < 2.2 * seconds + 1e-9).all()
        assert (steps < 0.6).all()


def test_walkers_have_numbers_of_their_own() -> None:
    trips = list(_scene(walkers=MAX_WALKERS).trips(0, 900))
    assert len({trip.walker for trip in trips}) == len(trips)


def test_people_stop_meet_and_hide_each_other() -> None:
    scene = _scene()
    standing = talking = overlapping = 0
    for time_s in np.arange(0, 600, 2.0):
        people = scene.walkers_at(time_s)
        standing += sum(person.pace == 0 for person in people)
        for a, b in combinations(people, 2):
            close = np.hypot(a.x - b.x, a.y - b.y) < 1.0
            facing = np.cos(a.heading - b.heading) < -0.9
            talking += bool(a.pace == 0 and b.pace == 0 and close and facing)
        boxes = [figure.box for figure in figures(people, scene.camera)]
        overlapping += sum(
            a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
            for a, b in combinations(boxes, 2)
        )
    assert standing > 100
    assert talking > 20
    assert overlapping > 100


def test_the_light_changes_and_slowly() -> None:
    light = np.array([_scene().sunshine_at(time_s) for time_s in np.arange(0, 600, 0.1)])
    assert light.min() >= 0
    assert light.max() <= 1
    assert np.ptp(light) > 0.6
    assert np.abs(np.diff(light)).max() < 0.02


def test_bodies_stand_on_their_foot_points() -> None:
    scene = _scene()
    for time_s in np.arange(0, 120, 3.0):
        for figure in figures(scene.walkers_at(time_s), scene.camera):
            left, top, right, bottom = figure.box
            height = bottom - top
            assert abs(bottom - figure.foot[1]) < 0.25 * height
            assert left - 0.3 * height < figure.foot[0] < right + 0.3 * height
