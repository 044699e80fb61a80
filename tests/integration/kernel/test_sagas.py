"""Sagas in PostgreSQL: servers share them, each step is one server's at a time, and a dead server's go on elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import MetaData

from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.saga import (
    Plan,
    Saga,
    SagaNotFound,
    SagaRunner,
    SagaState,
    SagaStore,
    Step,
    Wait,
    sagas_table,
)

METADATA = MetaData()
SAGAS = sagas_table(METADATA)
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    database = Database(database_dsn)
    async with database.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield database
    await database.close()


def new_saga(kind: str = "journey", site_id: str = "", at: datetime = NOW) -> Saga:
    return Saga(
        id=new_id(),
        kind=kind,
        subject_id=new_id(),
        site_id=site_id,
        data={"name": "Gate"},
        deadline=utc_now() + timedelta(minutes=1),
        next_time=at,
        create_time=at,
        update_time=at,
    )


def runner(database: Database, *steps: Step) -> SagaRunner:
    return SagaRunner(database, SAGAS, {"journey": Plan("journey", steps)}, utc_now)


async def keep(database: Database, *sagas: Saga) -> None:
    async with database.begin() as connection:
        for saga in sagas:
            await SagaStore(connection, SAGAS).save(saga)


async def kept(database: Database, saga: Saga) -> Saga:
    async with database.begin() as connection:
        return await SagaStore(connection, SAGAS).get(saga.id)


async def test_servers_share_the_sagas_and_do_each_step_once(database: Database) -> None:
    done: list[tuple[str, int]] = []

    async def note(saga: Saga) -> None:
        done.append((saga.id, saga.position))
        await asyncio.sleep(0)

    sagas = [new_saga() for _ in range(12)]
    await keep(database, *sagas)
    servers = [runner(database, Step("a", note), Step("b", note)) for _ in range(2)]

    async def drain(server: SagaRunner) -> None:
        while await server.run_one():
            pass

    await asyncio.gather(*(drain(server) for server in servers * 2))
    assert sorted(done) == sorted((saga.id, position) for saga in sagas for position in (0, 1))
    assert {(await kept(database, saga)).state for saga in sagas} == {SagaState.DONE}


async def test_a_step_that_was_cut_off_is_done_again_elsewhere(database: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    times = 0

    async def slow(_: Saga) -> None:
        nonlocal times
        times += 1
        begun.set()
        await go_on.wait()

    saga = new_saga()
    await keep(database, saga)
    server, other = (runner(database, Step("a", slow)) for _ in range(2))
    cut = asyncio.create_task(server.run_one())
    await begun.wait()
    assert not await other.run_one()  # nobody does what another one is doing
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert await kept(database, saga) == saga
    go_on.set()
    assert await other.run_one()
    assert (await kept(database, saga)).state is SagaState.DONE
    assert times == 2


async def test_an_event_wakes_a_saga_that_waits(database: Database) -> None:
    there = False

    async def wait(_: Saga) -> Wait | None:
        return None if there else Wait("it is not there")

    saga, other = new_saga(), new_saga()
    await keep(database, saga, other)
    server = runner(database, Step("a", wait))
    while await server.run_one():
        pass
    there = True
    async with database.begin() as connection:
        await SagaStore(connection, SAGAS).wake(saga.subject_id, utc_now())
    assert await server.run_one()
    assert (await kept(database, saga)).state is SagaState.DONE
    assert (await kept(database, other)).message == "it is not there"


async def test_waking_waits_for_nobody(database: Database) -> None:
    async def wake_oneself(saga: Saga) -> None:
        async with asyncio.timeout(5), database.begin() as connection:
            await SagaStore(connection, SAGAS).wake(saga.subject_id, utc_now())

    saga = new_saga()
    await keep(database, saga)
    assert await runner(database, Step("a", wake_oneself)).run_one()
    assert (await kept(database, saga)).state is SagaState.DONE


async def test_kinds_that_a_server_does_not_know_are_left_to_others(database: Database) -> None:
    await keep(database, new_saga("another"))
    assert not await runner(database).run_one()


async def test_lists_newest_first_by_state_and_site(database: Database) -> None:
    made = [new_saga(site_id="here" if n % 2 else "") for n in range(4)]
    sagas = sorted(made, key=lambda saga: saga.id, reverse=True)
    parked = sagas[3].parked("stuck", NOW)
    await keep(database, *sagas, parked, new_saga("another"))
    async with database.begin() as connection:
        store = SagaStore(connection, SAGAS)
        assert await store.page("journey", None, "", 3, None) == sagas[:3]
        assert await store.page("journey", None, sagas[2].id, 3, None) == [parked]
        assert await store.page("journey", SagaState.PARKED, "", 9, None) == [parked]
        here = await store.page("journey", None, "", 9, frozenset({"here"}))
        assert {saga.id for saga in here} == {saga.id for saga in made if saga.site_id}
        with pytest.raises(SagaNotFound):
            await store.get(new_id())
