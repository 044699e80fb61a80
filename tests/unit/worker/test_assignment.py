"""Cameras go where there is room, and stay there."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.worker.domain.assignment import Admission, Move, Place, Seat, Selector, loads, plan


def place(camera: str, worker: str | None = None, *, wanted: bool = True) -> Place:
    return Place(camera, wanted, worker)


def after(places: list[Place], moves: list[Move] | tuple[Move, ...]) -> list[Place]:
    goes = {move.camera_id: move.to_worker for move in moves}
    return [replace(each, worker_id=goes.get(each.camera_id, each.worker_id)) for each in places]


def seats(**capacities: int) -> dict[str, Seat]:
    return {worker: Seat(capacity) for worker, capacity in capacities.items()}


WORKERS = ["a", "b", "c", "gone"]
costs = st.dictionaries(st.sampled_from(["net", "motion"]), st.floats(0.1, 500))
worlds = st.tuples(
    st.lists(
        st.builds(
            Place,
            st.uuids().map(str),
            st.booleans(),
            st.none() | st.sampled_from(WORKERS),
            detector=st.sampled_from(["", "net", "motion", "other"]),
            frames_per_second=st.floats(0.1, 60),
        ),
        max_size=20,
        unique_by=lambda each: each.camera_id,
    ),
    st.dictionaries(
        st.sampled_from(WORKERS[:3]), st.builds(Seat, st.integers(1, 6), frame_costs=costs)
    ),
)


@given(worlds)
def test_every_wanted_camera_that_fits_is_with_a_living_worker(
    world: tuple[list[Place], dict[str, Seat]],
) -> None:
    places, living = world
    settled = after(places, list(plan(places, living)))
    held = Counter(each.worker_id for each in settled if each.worker_id)
    assert all(worker in living for worker in held)
    assert all(count <= living[worker].capacity for worker, count in held.items())
    wanted = sum(each.wanted for each in places)
    assert held.total() == min(wanted, sum(seat.capacity for seat in living.values()))
    assert all(each.wanted for each in settled if each.worker_id)


@given(worlds)
def test_a_settled_world_stays_as_it_is(world: tuple[list[Place], dict[str, Seat]]) -> None:
    places, living = world
    settled = after(places, list(plan(places, living)))
    assert not plan(settled, living)


@given(worlds)
def test_a_camera_moves_only_for_a_reason(world: tuple[list[Place], dict[str, Seat]]) -> None:
    places, living = world
    held = Counter(each.worker_id for each in places if each.wanted)
    by_camera = {each.camera_id: each for each in places}
    for move in plan(places, living):
        assert move.from_worker == by_camera[move.camera_id].worker_id
        assert move.from_worker != move.to_worker
        assert (
            not by_camera[move.camera_id].wanted
            or move.from_worker not in living
            or held[move.from_worker] > living[move.from_worker].capacity
        )


@given(worlds)
def test_order_does_not_matter(world: tuple[list[Place], dict[str, Seat]]) -> None:
    places, living = world
    assert plan(list(reversed(places)), living) == plan(places, living)


def test_cameras_spread_by_load_for_capacity() -> None:
    places = [place(str(number)) for number in range(9)]
    settled = after(places, list(plan(places, seats(small=4, large=8))))
    assert Counter(each.worker_id for each in settled) == {"small": 3, "large": 6}


def test_a_dead_workers_cameras_go_to_the_others() -> None:
    places = [place("1", "dead"), place("2", "a"), place("3", "dead")]
    moves = plan(places, seats(a=2, b=2))
    assert moves == [Move("1", "dead", "b"), Move("3", "dead", "a")]


def test_without_room_a_camera_waits() -> None:
    places = [place("1", "a"), place("2", "dead")]
    assert plan(places, seats(a=1)) == [Move("2", "dead", None)]


def test_a_recording_that_was_read_to_its_end_needs_no_room() -> None:
    ended = [Place(str(number), wanted=True, worker_id="a", ended=True) for number in range(5)]
    assert plan([*ended, place("7"), place("8")], seats(a=1)) == [Move("7", None, "a")]


def test_cameras_go_where_they_cost_least_time() -> None:
    slow, fast = Seat(10, frame_costs={"net": 80.0}), Seat(10, frame_costs={"net": 20.0})
    places = [Place(str(n), True, None, detector="net", frames_per_second=5) for n in range(5)]
    assert [move.to_worker for move in plan(places[:1], {"a": slow, "b": fast})] == ["b"]
    moves = plan(places, {"a": slow, "b": fast})
    assert Counter(move.to_worker for move in moves) == {"b": 4, "a": 1}


def test_a_heavy_camera_counts_for_more_than_a_light_one() -> None:
    both = {name: Seat(10, frame_costs={"net": 50.0, "motion": 1.0}) for name in ("a", "b")}
    heavy = Place("1", True, "a", detector="net", frames_per_second=10)
    light = [
        Place(str(n), True, None, detector="motion", frames_per_second=10) for n in range(2, 8)
    ]
    assert {move.to_worker for move in plan([heavy, *light], both)} == {"b"}


def test_who_has_too_much_to_do_gets_more_only_if_nobody_else_takes_it() -> None:
    busy = Seat(10, selector=Selector(labels=(("gpu", "yes"),)), frame_costs={"net": 200.0})
    held = Place("1", True, "gpu", labels={"gpu": "yes"}, detector="net", frames_per_second=10)
    new = Place("2", True, None, labels={"gpu": "yes"}, detector="net", frames_per_second=10)
    assert plan([held, new], {"gpu": busy, "any": Seat(1)}) == [Move("2", None, "any")]
    assert plan([held, new], {"gpu": busy}) == [Move("2", None, "gpu")]


def test_loads_alone_move_nothing() -> None:
    held = [Place(str(n), True, "a", detector="net", frames_per_second=30) for n in range(9)]
    both = {name: Seat(10, frame_costs={"net": 100.0}) for name in ("a", "b")}
    assert not plan(held, both)
    assert loads(held, both) == {"a": pytest.approx(27.0), "b": 0.0}


def test_an_unwanted_camera_is_taken_away() -> None:
    assert plan([place("1", "a", wanted=False)], seats(a=1)) == [Move("1", "a", None)]


def test_a_worker_that_comes_back_gets_its_cameras_back() -> None:
    places = [place("1", "old"), place("2", "other"), place("3", "old")]
    moves = plan(places, seats(new=5, other=5), heirs={"old": "new"})
    assert moves == [Move("1", "old", "new"), Move("3", "old", "new")]


def test_a_worker_that_comes_back_smaller_gets_what_it_can_run() -> None:
    places = [place("1", "old"), place("2", "old")]
    moves = plan(places, seats(new=1, other=5), heirs={"old": "new"})
    assert moves == [Move("1", "old", "new"), Move("2", "old", "other")]


NORTH = Selector(site_ids=("north",))


def test_a_worker_with_conditions_takes_only_cameras_that_meet_them() -> None:
    places = [
        Place(
            "1", wanted=True, worker_id=None, site_id="north", labels={"floor": "2", "kind": "door"}
        ),
        Place("2", wanted=True, worker_id=None, site_id="north", labels={"floor": "1"}),
        Place("3", wanted=True, worker_id=None, site_id="south", labels={"floor": "2"}),
    ]
    living = {"picky": Seat(5, selector=Selector(("north", "west"), (("floor", "2"),)))}
    assert plan(places, living) == [Move("1", None, "picky")]


def test_cameras_go_to_the_workers_made_for_them_first() -> None:
    places = [
        Place(str(number), wanted=True, worker_id=None, site_id="north") for number in range(3)
    ]
    living = {"any": Seat(9), "local": Seat(2, selector=NORTH)}
    settled = after(places, list(plan(places, living)))
    assert [each.worker_id for each in settled] == ["local", "local", "any"]


def test_a_camera_that_was_moved_to_another_site_leaves_the_sites_worker() -> None:
    moved = [Place("1", wanted=True, worker_id="local", site_id="south")]
    living = {"local": Seat(2, selector=NORTH), "any": Seat(1)}
    assert plan(moved, living) == [Move("1", "local", "any")]
    del living["any"]
    assert plan(moved, living) == [Move("1", "local", None)]


def test_a_cordoned_worker_keeps_its_cameras_and_gets_no_more() -> None:
    places = [place("1", "closed"), place("2")]
    assert plan(places, {"closed": Seat(5, Admission.CORDONED)}) == []
    living = {"closed": Seat(5, Admission.CORDONED), "open": Seat(5)}
    assert plan(places, living) == [Move("2", None, "open")]


def test_cameras_leave_a_drained_worker_when_others_have_room() -> None:
    places = [place("1", "leaving"), place("2", "leaving"), place("3")]
    living = {"leaving": Seat(5, Admission.DRAINING), "open": Seat(2)}
    assert plan(places, living) == [Move("3", None, "open"), Move("1", "leaving", "open")]
    assert plan([place("1", "leaving")], {"leaving": Seat(5, Admission.DRAINING)}) == []


def test_a_lost_worker_of_many_moves_only_its_share() -> None:
    living = {f"worker {number:02}": Seat(40) for number in range(50)}
    places = [place(f"camera {number:04}") for number in range(1000)]
    settled = after(places, list(plan(places, living)))
    del living["worker 07"]
    moves = plan(settled, living)
    assert len(moves) == 20
    assert all(move.from_worker == "worker 07" and move.to_worker for move in moves)


@given(worlds)
def test_patience_leaves_cameras_with_the_silent(
    world: tuple[list[Place], dict[str, Seat]],
) -> None:
    places, living = world
    moves = plan(places, living, patient=True)
    silent = {place.camera_id for place in places if place.wanted and place.worker_id == "gone"}
    assert not silent & {move.camera_id for move in moves}


def test_patience_is_not_for_those_who_left_or_were_replaced() -> None:
    places = [place("1", "left"), place("2", "replaced"), place("3", "silent")]
    moves = plan(places, seats(heir=3), {"left": None, "replaced": "heir"}, patient=True)
    assert sorted(moves, key=lambda move: move.camera_id) == [
        Move("1", "left", "heir"),
        Move("2", "replaced", "heir"),
    ]
