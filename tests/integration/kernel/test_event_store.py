"""Events as the record, and writers who get in each other's way."""

import asyncio
from contextlib import suppress

import pytest
from google.protobuf.message import Message
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.api.camera.v1 import events_pb2
from tally.kernel.database import Database
from tally.kernel.errors import ConcurrentChange
from tally.kernel.event_store import EventStore, Projection, Upcasters, record
from tests.integration.kernel.renames import EVENTS, NOW, OUTBOX, event

NOTHING = Projection("SELECT WHERE EXISTS (SELECT FROM given)", ())


async def append(
    connection: AsyncConnection, camera: str, *numbers: int, what: Projection = NOTHING
) -> None:
    events = [event(camera, number, version=number) for number in numbers]
    await record(connection, events, what, schema_version=1)


async def names(database: Database, camera: str) -> list[str]:
    async with database.begin() as connection:
        stored = await EventStore(connection, EVENTS).load(camera)
    return [each.message.name for each in stored]  # type: ignore[attr-defined]  # CameraRenamed


async def waiting(database: Database) -> int:
    async with database.begin() as connection:
        return len((await connection.execute(select(OUTBOX))).all())


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with suppress(RuntimeError):
        async with database.begin() as connection:
            await connection.execute(text("SELECT 1"))  # which begins it
            await append(connection, "a", 1)
            raise RuntimeError
    assert (await names(database, "a"), await waiting(database)) == ([], 0)


async def test_events_come_back_in_their_order(database: Database) -> None:
    async with database.begin() as connection:
        for camera, numbers in (("a", (1, 2)), ("b", (1,)), ("a", (3,))):
            await append(connection, camera, *numbers)
    assert await names(database, "a") == ["1", "2", "3"]
    async with database.begin() as connection:
        everything = [each async for each in EventStore(connection, EVENTS).load_all()]
    assert [(each.stream_id, each.version) for each in everything] == [
        ("a", 1),
        ("a", 2),
        ("a", 3),
        ("b", 1),
    ]


@pytest.mark.parametrize("version", [1, 2, 4, 6])
async def test_a_wrong_version_is_refused_and_changes_nothing(
    database: Database, version: int
) -> None:
    change = Projection(
        "INSERT INTO shown SELECT $13::int WHERE EXISTS (SELECT FROM given)", (version,)
    )
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE shown (version int)"))
        await append(connection, "a", 1, 2)
    with pytest.raises(ConcurrentChange):
        async with database.begin() as connection:
            await append(connection, "a", version, what=change)
    assert (await names(database, "a"), await waiting(database)) == (["1", "2"], 2)
    async with database.begin() as connection:
        await append(connection, "a", 3, what=change)
    async with database.begin() as connection:
        shown = await connection.execute(text("SELECT * FROM shown"))
        assert shown.scalars().all() == [version]


async def test_of_many_writers_at_once_one_wins(database: Database) -> None:
    async def write() -> None:
        async with database.begin() as connection:
            await append(connection, "a", 1)

    results = await asyncio.gather(*(write() for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(result, ConcurrentChange) for result in results) == 5
    assert (await names(database, "a"), await waiting(database)) == (["1"], 1)


def louder(message: Message) -> Message:
    """What a second release could have made of names."""
    assert isinstance(message, events_pb2.CameraRenamed)
    return events_pb2.CameraRenamed(camera_id=message.camera_id, name=f"{message.name}!")


async def test_events_of_an_old_shape_are_read_as_those_of_today(database: Database) -> None:
    old = event("a", 1, version=1)[1]
    async with database.begin() as connection:
        row = {"stream_id": "a", "version": 1, "type": old.type, "payload": old.payload}
        await connection.execute(
            insert(EVENTS).values(row | {"schema_version": 1, "occurred_at": NOW, "actor": ""})
        )
        await record(connection, [event("a", 2, version=2)], NOTHING, schema_version=3)
        store = EventStore(connection, EVENTS, Upcasters((louder, louder)))
        read = [each.message.name for each in await store.load("a")]  # type: ignore[attr-defined]  # CameraRenamed
        everything = [each.message.name async for each in store.load_all()]  # type: ignore[attr-defined]  # CameraRenamed
    assert read == everything == ["1!!", "2"]


async def test_a_snapshot_stands_for_the_events_before_it(database: Database) -> None:
    async with database.begin() as connection:
        store = EventStore(connection, EVENTS)
        await append(connection, "a", 1, 2, 3)
        assert (await store.load_since_snapshot("a", "1")).snapshot is None
        await store.keep_snapshot("a", 2, "1", '{"name": "2"}')
        known = await store.load_since_snapshot("a", "1")
        assert (known.snapshot, [each.version for each in known.events]) == ('{"name": "2"}', [3])
        await store.keep_snapshot("a", 1, "1", '{"name": "1"}')
        assert await store.load_since_snapshot("a", "1") == known


async def test_a_snapshot_of_another_schema_is_dropped(database: Database) -> None:
    async with database.begin() as connection:
        store = EventStore(connection, EVENTS)
        await append(connection, "a", 1, 2, 3)
        await store.keep_snapshot("a", 2, "1", '{"name": "2"}')
        other = await store.load_since_snapshot("a", "2")
        assert (other.snapshot, len(other.events)) == (None, 3)
        await store.keep_snapshot("a", 1, "2", '{"called": "1"}')
        other = await store.load_since_snapshot("a", "2")
        assert (other.snapshot, len(other.events)) == ('{"called": "1"}', 2)
