"""Sagas: what becomes of one when its steps succeed, wait, fail for now, are refused, or cannot be undone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from tally.kernel.errors import FailedPrecondition, Unavailable
from tally.kernel.saga import Plan, Saga, SagaNotFound, SagaNotParked, SagaState, Step, Wait
from tally.kernel.saga.plan import LOOK_S, UNDO_ATTEMPTS

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DOWN = Unavailable("it is down")
REFUSED = FailedPrecondition("it is closed")


@dataclass
class World:
    """Notes what steps do; answers as it is told to."""

    time: datetime = NOW
    done: list[str] = field(default_factory=list)
    answers: dict[str, Wait | Exception] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.time

    def doing(self, name: str) -> Callable[[Saga], Awaitable[Wait | None]]:
        async def do(_: Saga) -> Wait | None:
            self.done.append(name)
            answer = self.answers.get(name)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return do

    def undoing(self, name: str) -> Callable[[Saga], Awaitable[None]]:
        async def undo(saga: Saga) -> None:
            await self.doing(f"undo {name}")(saga)

        return undo

    @property
    def plan(self) -> Plan:
        return Plan(
            "journey",
            (
                Step("book", self.doing("book"), self.undoing("book")),
                Step("board", self.doing("board")),
                Step("pay", self.doing("pay"), self.undoing("pay")),
                Step("tell", self.doing("tell"), retriable=True),
            ),
        )

    async def until_it_rests(self, saga: Saga) -> Saga:
        """Go on until the saga ends, or is to be looked at later."""
        while saga.state in (SagaState.RUNNING, SagaState.COMPENSATING):
            saga = await self.plan.progress(saga, self.clock)
            if saga.next_time > self.time:
                return saga
        return saga


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def saga() -> Saga:
    return Saga(
        id="s",
        kind="journey",
        subject_id="c",
        site_id="here",
        deadline=NOW + timedelta(minutes=1),
        next_time=NOW,
        create_time=NOW,
        update_time=NOW,
    )


async def test_does_its_steps_in_order(world: World, saga: Saga) -> None:
    done = await world.until_it_rests(saga)
    assert done.state is SagaState.DONE
    assert world.done == ["book", "board", "pay", "tell"]


async def test_waits_and_goes_on_where_it_was(world: World, saga: Saga) -> None:
    world.answers["board"] = Wait("the train is late")
    waiting = await world.until_it_rests(saga)
    assert (waiting.message, waiting.attempts) == ("the train is late", 0)
    assert waiting.next_time == NOW + timedelta(seconds=LOOK_S)
    world.time = saga.deadline - timedelta(seconds=LOOK_S / 2)
    assert (await world.until_it_rests(waiting)).next_time == saga.deadline
    world.answers.clear()
    assert (await world.until_it_rests(waiting)).state is SagaState.DONE
    assert world.done == ["book", "board", "board", "board", "pay", "tell"]


async def test_what_is_waited_for_too_long_is_undone_and_says_why(world: World, saga: Saga) -> None:
    world.answers["board"] = Wait("the train is late")
    waiting = await world.until_it_rests(saga)
    world.time = saga.deadline
    undone = await world.until_it_rests(waiting)
    assert undone.state is SagaState.UNDONE
    assert "the train is late" in undone.reason
    assert world.done[-1] == "undo book"


async def test_repeats_what_fails_for_now_with_growing_pauses(world: World, saga: Saga) -> None:
    world.answers["book"] = DOWN
    first = await world.until_it_rests(saga)
    fifth = first
    for _ in range(4):
        fifth = await world.plan.progress(fifth, world.clock)
    assert fifth.attempts == 5
    assert fifth.message == "it is down"
    assert fifth.next_time - NOW > first.next_time - NOW
    world.answers.clear()
    assert (await world.until_it_rests(fifth)).attempts == 0


async def test_undoes_in_reverse_what_may_have_begun_and_nothing_else(
    world: World, saga: Saga
) -> None:
    world.answers["pay"] = REFUSED
    undone = await world.until_it_rests(saga)
    assert (undone.state, undone.reason) == (SagaState.UNDONE, "it is closed")
    assert world.done == ["book", "board", "pay", "undo pay", "undo book"]


async def test_steps_that_were_never_reached_are_not_undone(world: World, saga: Saga) -> None:
    world.answers["book"] = REFUSED
    await world.until_it_rests(saga)
    assert world.done == ["book", "undo book"]


async def test_a_mistake_of_the_server_counts_as_a_refusal_and_is_not_told(
    world: World, saga: Saga
) -> None:
    world.answers["pay"] = KeyError("password hunter2")
    undone = await world.until_it_rests(saga)
    assert undone.state is SagaState.UNDONE
    assert "hunter2" not in undone.reason


async def test_behind_the_pivot_nothing_is_undone_however_late_it_is(
    world: World, saga: Saga
) -> None:
    world.answers["tell"] = DOWN
    failing = await world.until_it_rests(saga)
    world.time = saga.deadline + timedelta(days=1)
    failing = await world.plan.progress(failing, world.clock)
    assert (failing.state, failing.attempts) == (SagaState.RUNNING, 2)
    world.answers["tell"] = REFUSED
    parked = await world.plan.progress(failing, world.clock)
    assert (parked.state, parked.message) == (SagaState.PARKED, "it is closed")


@pytest.mark.parametrize("problem", [REFUSED, KeyError("x")])
async def test_parks_what_cannot_be_undone_and_undoes_the_rest_once_retried(
    world: World, saga: Saga, problem: Exception
) -> None:
    world.answers = {"pay": REFUSED, "undo pay": problem}
    parked = await world.until_it_rests(saga)
    assert (parked.state, parked.reason) == (SagaState.PARKED, "it is closed")
    assert parked.message
    world.answers.clear()
    undone = await world.until_it_rests(parked.retried(NOW))
    assert undone.state is SagaState.UNDONE
    assert world.done[-2:] == ["undo pay", "undo book"]


async def test_repeats_an_undoing_that_fails_for_now_and_parks_it_in_the_end(
    world: World, saga: Saga
) -> None:
    world.answers = {"book": REFUSED, "undo book": DOWN}
    going_back = await world.plan.progress(saga, world.clock)
    for _ in range(UNDO_ATTEMPTS - 1):
        going_back = await world.plan.progress(going_back, world.clock)
        assert going_back.state is SagaState.COMPENSATING
    parked = await world.plan.progress(going_back, world.clock)
    assert (parked.state, parked.message) == (SagaState.PARKED, "it is down")


async def test_a_parked_saga_goes_on_the_way_it_was_going(world: World, saga: Saga) -> None:
    world.answers["tell"] = REFUSED
    parked = await world.until_it_rests(saga)
    world.answers.clear()
    assert (await world.until_it_rests(parked.retried(NOW))).state is SagaState.DONE


def test_only_a_parked_saga_is_retried_or_abandoned(saga: Saga) -> None:
    for state in set(SagaState) - {SagaState.PARKED}:
        with pytest.raises(SagaNotParked):
            replace(saga, state=state).retried(NOW)
        with pytest.raises(SagaNotParked):
            replace(saga, state=state).abandoned(NOW)
    assert saga.parked("stuck", NOW).abandoned(NOW).state is SagaState.ABANDONED


def test_is_hidden_from_who_looks_for_another_kind_or_may_not_see_its_site(saga: Saga) -> None:
    saga.require(saga.kind, None)
    saga.require(saga.kind, frozenset({"here"}))
    with pytest.raises(SagaNotFound):
        saga.require(saga.kind, frozenset({"there"}))
    with pytest.raises(SagaNotFound):
        saga.require("another", None)


def test_refuses_a_plan_that_could_not_go_back(world: World) -> None:
    book, _, _, tell = world.plan.steps
    with pytest.raises(ValueError, match="undoing"):
        Plan("odd", (tell, book))
