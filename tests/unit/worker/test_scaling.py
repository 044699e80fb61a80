"""How many workers the cameras need."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tally.worker.domain.assignment import Admission, Place
from tally.worker.domain.model import Worker
from tally.worker.domain.scaling import Demand, scaling

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def worker(name: str, capacity: int, admission: Admission = Admission.OPEN) -> Worker:
    return Worker(name, name, capacity, NOON, NOON, admission=admission)


def wanted(count: int, worker_id: str | None = None) -> list[Place]:
    return [Place(str(number), wanted=True, worker_id=worker_id) for number in range(count)]


def test_nobody_is_needed_where_nothing_is_wanted() -> None:
    found = scaling([Place("1", wanted=False, worker_id="a")], [worker("a", 4)], [], 0.8)
    assert (found.wanted, found.waiting, found.desired_workers) == (0, 0, 0)


@pytest.mark.parametrize(
    ("cameras", "desired"),
    [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3)],
)
def test_workers_are_used_to_the_target(cameras: int, desired: int) -> None:
    found = scaling(wanted(cameras), [worker("a", 10)], [], 0.8)
    assert found.desired_workers == desired


def test_cameras_need_as_many_workers_as_have_time_for_them() -> None:
    one = replace(worker("a", 10), frame_costs={"net": 100.0})
    places = [replace(each, detector="net", frames_per_second=10) for each in wanted(4)]
    found = scaling(places, [one], [], 0.8)
    assert found.load == pytest.approx(4.0)
    assert found.desired_workers == 5
    assert found.demand is Demand.LOAD


def test_cameras_that_cost_little_time_need_room_for_their_number() -> None:
    one = replace(worker("a", 2), frame_costs={"net": 1.0})
    places = [replace(each, detector="net", frames_per_second=10) for each in wanted(4)]
    found = scaling(places, [one], [], 1.0)
    assert (found.desired_workers, found.demand) == (2, Demand.CAMERAS)


def test_recordings_that_were_read_to_their_end_need_nobody() -> None:
    ended = [Place(str(number), wanted=True, worker_id="a", ended=True) for number in range(30)]
    found = scaling([*ended, *wanted(1)], [worker("a", 10)], [], 0.8)
    assert (found.wanted, found.desired_workers) == (1, 1)


def test_cameras_of_dead_workers_wait() -> None:
    found = scaling(wanted(3, "dead"), [worker("a", 2)], [worker("dead", 2)], 1.0)
    assert (found.waiting, found.workers, found.desired_workers) == (3, 1, 2)


def test_a_closed_workers_capacity_does_not_count() -> None:
    living = [worker("a", 4), worker("b", 8, Admission.CORDONED)]
    assert scaling([], living, living, 1.0).capacity == 4


def test_without_living_workers_those_that_lived_are_the_example() -> None:
    assert scaling(wanted(9), [], [worker("gone", 3)], 1.0).desired_workers == 3
    assert scaling(wanted(9), [], [], 1.0).desired_workers == 1
