"""Sagas in memory and in PostgreSQL keep the same promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tally.camera.domain.ports import Begin
from tally.kernel.ids import new_id
from tally.kernel.saga import Saga, SagaNotFound, SagaState
from tests.unit.camera.examples import LATER, NOON


def a_saga(site_id: str = "") -> Saga:
    return Saga(
        id=new_id(),
        kind="k",
        subject_id=new_id(),
        site_id=site_id,
        data={"camera_name": "Hà Nội"},
        deadline=LATER,
        next_time=NOON + timedelta(hours=1),
        create_time=NOON,
        update_time=NOON,
    )


async def test_what_is_kept_is_found(begin: Begin) -> None:
    first, second = a_saga(), a_saga("north")
    parked = first.turned_back("no frame", LATER).parked("stuck", LATER)
    async with begin() as work:
        for saga in (first, second, parked):
            await work.sagas.save(saga)
    async with begin() as work:
        assert await work.sagas.get(first.id) == await work.sagas.hold(first.id) == parked
        newest = sorted([parked, second], key=lambda saga: saga.id, reverse=True)
        assert await work.sagas.page("k", None, "", 9, None) == newest
        assert await work.sagas.page("k", None, newest[0].id, 9, None) == newest[1:]
        assert await work.sagas.page("k", SagaState.PARKED, "", 9, None) == [parked]
        assert await work.sagas.page("k", None, "", 9, frozenset({"north"})) == [second]
        with pytest.raises(SagaNotFound):
            await work.sagas.get(new_id())


async def test_waking_leaves_those_that_are_over_alone(begin: Begin) -> None:
    going, other = a_saga(), a_saga()
    parked = replace(a_saga().parked("stuck", NOON), subject_id=going.subject_id)
    async with begin() as work:
        for saga in (going, parked, other):
            await work.sagas.save(saga)
        await work.sagas.wake(going.subject_id, LATER)
    async with begin() as work:
        assert await work.sagas.get(going.id) == replace(going, next_time=LATER)
        for saga in (parked, other):
            assert await work.sagas.get(saga.id) == saga


async def test_those_that_ended_are_forgotten_and_those_that_wait_for_somebody_are_not(
    begin: Begin,
) -> None:
    sagas = {
        (state, time): replace(a_saga(), state=state, update_time=time)
        for state in SagaState
        for time in (NOON, LATER)
    }
    async with begin() as work:
        for saga in sagas.values():
            await work.sagas.save(saga)
        await work.sagas.forget(LATER)
    async with begin() as work:
        kept = {
            (each.state, each.update_time)
            for each in await work.sagas.page("k", None, "", 99, None)
        }
    ended = {SagaState.DONE, SagaState.UNDONE, SagaState.ABANDONED}
    assert set(sagas) - kept == {(state, NOON) for state in ended}
