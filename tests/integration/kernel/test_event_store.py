"""Events as the record, and writers who get in each other's way."""

import asyncio
from contextlib import suppress

import pytest

from tally.kernel.database import Database
from tally.kernel.errors import ConcurrentChange
from tally.kernel.event_store import EventStore
from tests.integration.kernel.renames import EVENTS, NOW, names, renamed


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with suppress(RuntimeError):
        async with database.begin() as connection:
            await EventStore(connection, EVENTS).append("a", 0, [renamed("a", 1)], NOW)
            raise RuntimeError
    async with database.begin() as connection:
        assert await EventStore(connection, EVENTS).load("a") == []


async def test_events_come_back_in_their_order(database: Database) -> None:
    async with database.begin() as connection:
        store = EventStore(connection, EVENTS)
        await store.append("a", 0, [renamed("a", 1), renamed("a", 2)], NOW)
        await store.append("b", 0, [renamed("b", 1)], NOW)
        await store.append("a", 2, [renamed("a", 3)], NOW)
        loaded = await store.load("a", after_version=1)
        assert [(each.version, names([each])[0]) for each in loaded] == [(2, "2"), (3, "3")]
        assert [each.stream_id async for each in store.load_all()] == ["a", "a", "a", "b"]


@pytest.mark.parametrize("expected", [0, 1, 5])
async def test_a_wrong_expected_version_is_refused(database: Database, expected: int) -> None:
    async with database.begin() as connection:
        await EventStore(connection, EVENTS).append("a", 0, [renamed("a", n) for n in (1, 2)], NOW)
    with pytest.raises(ConcurrentChange):
        async with database.begin() as connection:
            await EventStore(connection, EVENTS).append("a", expected, [renamed("a", 9)], NOW)


async def test_of_two_writers_at_once_one_wins(database: Database) -> None:
    async def write() -> None:
        async with database.begin() as connection:
            store = EventStore(connection, EVENTS)
            await store.append("a", await store.version("a"), [renamed("a", 1)], NOW)

    results = await asyncio.gather(*(write() for _ in range(6)), return_exceptions=True)
    async with database.begin() as connection:
        stored = await EventStore(connection, EVENTS).load("a")
    refused = [result for result in results if isinstance(result, ConcurrentChange)]
    assert len(stored) + len(refused) == 6
    assert [each.version for each in stored] == list(range(1, len(stored) + 1))
