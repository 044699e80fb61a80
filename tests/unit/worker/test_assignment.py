"""Cameras go where there is room, and stay there."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tally.worker.domain.assignment import Move, Place, plan


def place(camera: str, worker: str | None = None, *, wanted: bool = True) -> Place:
    return Place(camera, wanted, worker)


def after(places: list[Place], moves: list[Move] | tuple[Move, ...]) -> list[Place]:
    goes = {move.camera_id: move.to_worker for move in moves}
    return [
        Place(each.camera_id, each.wanted, goes.get(each.camera_id, each.worker_id))
        for each in places
    ]


WORKERS = ["a", "b", "c", "gone"]
worlds = st.tuples(
    st.lists(
        st.builds(Place, st.uuids().map(str), st.booleans(), st.none() | st.sampled_from(WORKERS)),
        max_size=20,
        unique_by=lambda each: each.camera_id,
    ),
    st.dictionaries(st.sampled_from(WORKERS[:3]), st.integers(1, 6)),
)


@given(worlds)
def test_every_wanted_camera_that_fits_is_with_a_living_worker(
    world: tuple[list[Place], dict[str, int]],
) -> None:
    places, capacities = world
    settled = after(places, list(plan(places, capacities)))
    held = Counter(each.worker_id for each in settled if each.worker_id)
    assert all(count <= capacities.get(worker, 0) for worker, count in held.items())
    wanted = sum(each.wanted for each in places)
    assert held.total() == min(wanted, sum(capacities.values()))
    assert all(each.wanted for each in settled if each.worker_id)


@given(worlds)
def test_a_settled_world_stays_as_it_is(world: tuple[list[Place], dict[str, int]]) -> None:
    places, capacities = world
    settled = after(places, list(plan(places, capacities)))
    assert not plan(settled, capacities)


@given(worlds)
def test_a_camera_moves_only_for_a_reason(world: tuple[list[Place], dict[str, int]]) -> None:
    places, capacities = world
    held = Counter(each.worker_id for each in places if each.wanted)
    by_camera = {each.camera_id: each for each in places}
    for move in plan(places, capacities):
        assert move.from_worker == by_camera[move.camera_id].worker_id
        assert move.from_worker != move.to_worker
        assert (
            not by_camera[move.camera_id].wanted
            or move.from_worker not in capacities
            or held[move.from_worker] > capacities[move.from_worker]
        )


@given(worlds)
def test_order_does_not_matter(world: tuple[list[Place], dict[str, int]]) -> None:
    places, capacities = world
    assert plan(list(reversed(places)), capacities) == plan(places, capacities)


def test_cameras_spread_by_load_for_capacity() -> None:
    places = [place(str(number)) for number in range(9)]
    settled = after(places, list(plan(places, {"small": 4, "large": 8})))
    assert Counter(each.worker_id for each in settled) == {"small": 3, "large": 6}


def test_a_dead_workers_cameras_go_to_the_others() -> None:
    places = [place("1", "dead"), place("2", "a"), place("3", "dead")]
    moves = plan(places, {"a": 2, "b": 2})
    assert moves == [Move("1", "dead", "b"), Move("3", "dead", "a")]


def test_without_room_a_camera_waits() -> None:
    places = [place("1", "a"), place("2", "dead")]
    assert plan(places, {"a": 1}) == [Move("2", "dead", None)]


def test_an_unwanted_camera_is_taken_away() -> None:
    assert plan([place("1", "a", wanted=False)], {"a": 1}) == [Move("1", "a", None)]


def test_a_worker_that_comes_back_gets_its_cameras_back() -> None:
    places = [place("1", "old"), place("2", "other"), place("3", "old")]
    moves = plan(places, {"new": 5, "other": 5}, heirs={"old": "new"})
    assert moves == [Move("1", "old", "new"), Move("3", "old", "new")]


def test_a_worker_that_comes_back_smaller_gets_what_it_can_run() -> None:
    places = [place("1", "old"), place("2", "old")]
    moves = plan(places, {"new": 1, "other": 5}, heirs={"old": "new"})
    assert moves == [Move("1", "old", "new"), Move("2", "old", "other")]
