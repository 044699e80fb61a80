"""Event store, outbox and bus on the real PostgreSQL and NATS."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import Message
from sqlalchemy import MetaData, text

from tally.api.camera.v1 import events_pb2
from tally.kernel.bus import CAMERA, Bus, Consumer, Delivery, Envelope, tail
from tally.kernel.bus.streams import DEAD_LETTERS
from tally.kernel.bus.tail import extent
from tally.kernel.database import Database, copy_rows
from tally.kernel.errors import ResourceExhausted, Unavailable
from tally.kernel.event_store import ConcurrentAppend, EventStore, events_table
from tally.kernel.ids import derived_id
from tally.kernel.outbox import Lag, Outbox, OutboxRelay, outbox_table
from tally.kernel.process import background

NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)

metadata = MetaData()
EVENTS, OUTBOX = events_table(metadata), outbox_table(metadata)


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    database = Database(database_dsn, pool_size=8, pool_timeout_s=0.5)
    async with database.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


def renamed(camera: str, number: int) -> Message:
    return events_pb2.CameraRenamed(camera_id=camera, name=str(number))


def event(camera: str, number: int) -> tuple[str, Envelope]:
    envelope = Envelope.of(
        renamed(camera, number),
        id=derived_id(camera, number),
        source="test",
        subject=camera,
        time=NOW,
    )
    return CAMERA.subject("CameraRenamed", camera), envelope


def names(deliveries: Sequence[Any]) -> list[str]:
    return [each.message.name for each in deliveries]


def running(*workers: Any) -> Any:
    return background(*(worker.run() for worker in workers))


async def until(condition: Any, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with suppress(RuntimeError):
        async with database.begin() as connection:
            await EventStore(connection, EVENTS).append("a", 0, [renamed("a", 1)], NOW)
            raise RuntimeError
    async with database.begin() as connection:
        assert await EventStore(connection, EVENTS).load("a") == []


async def test_cancelled_transactions_give_their_connections_back(database: Database) -> None:
    async def slow() -> None:
        async with database.begin() as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))

    for _ in range(3):
        tasks = [asyncio.create_task(slow()) for _ in range(8)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await database.ping()


async def test_a_busy_pool_refuses_instead_of_queueing_for_ever(database: Database) -> None:
    started = asyncio.Semaphore(0)

    async def hold() -> None:
        async with database.begin():
            started.release()
            await asyncio.Event().wait()

    holders = [asyncio.create_task(hold()) for _ in range(8)]
    for _ in holders:
        await started.acquire()
    with pytest.raises(ResourceExhausted):
        await database.ping()
    for holder in holders:
        holder.cancel()
    await asyncio.gather(*holders, return_exceptions=True)


async def test_an_unreachable_database_is_unavailable() -> None:
    database = Database("postgresql+asyncpg://nobody:x@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await database.ping()


async def test_rows_are_copied_in_the_transaction(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (n int)"))
        await copy_rows(connection, "numbers", ["n"], [(n,) for n in range(1000)])
        total = await connection.execute(text("SELECT sum(n) FROM numbers"))
        assert total.scalar_one() == 499500


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
    with pytest.raises(ConcurrentAppend):
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
    refused = [result for result in results if isinstance(result, ConcurrentAppend)]
    assert len(stored) + len(refused) == 6
    assert [each.version for each in stored] == list(range(1, len(stored) + 1))


async def add_to_outbox(database: Database, camera: str, number: int) -> None:
    async with database.begin() as connection:
        # As an aggregate's own row or version does: one writer of an aggregate at a time.
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:camera))"), {"camera": camera}
        )
        subject, envelope = event(camera, number)
        await Outbox(connection, OUTBOX).add(subject, envelope)


async def test_several_relays_send_everything_once_and_in_order(
    database: Database, bus: Bus
) -> None:
    cameras = [f"camera-{n}" for n in range(5)]

    async def write(camera: str) -> None:
        for number in range(40):
            await add_to_outbox(database, camera, number)

    relays = [OutboxRelay(database, OUTBOX, bus) for _ in range(2)]
    async with running(*relays):
        await asyncio.gather(*(write(camera) for camera in cameras))
        async with asyncio.timeout(20):
            while (await relays[0].lag()).events:
                await asyncio.sleep(0.02)
    seen: dict[str, list[int]] = {camera: [] for camera in cameras}
    async with asyncio.timeout(10):
        async for tailed in tail(bus, CAMERA, 0):
            message: Any = tailed.envelope.message()
            seen[message.camera_id].append(int(message.name))
            if sum(map(len, seen.values())) == 200:
                break
    assert seen == {camera: list(range(40)) for camera in cameras}
    assert (await extent(bus, CAMERA)).last == 200


async def test_an_event_is_sent_when_its_predecessor_has_arrived(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[list[str]] = []

    async def publish(events: Iterable[tuple[str, Envelope]]) -> None:
        sent.append([f"{envelope.subject}{envelope.message().name}" for _, envelope in events])  # type: ignore[attr-defined]  # CameraRenamed

    monkeypatch.setattr(bus, "publish", publish)
    for camera, number in (("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)):
        await add_to_outbox(database, camera, number)
    assert await OutboxRelay(database, OUTBOX, bus).relay_once() == 5
    assert sent == [["a1", "b1"], ["a2", "b2"], ["a3"]]


async def test_a_relay_knows_how_far_it_is_behind(database: Database, bus: Bus) -> None:
    relay = OutboxRelay(database, OUTBOX, bus)
    assert await relay.lag() == Lag(events=0, oldest_s=0)
    await add_to_outbox(database, "a", 1)
    await add_to_outbox(database, "b", 1)
    behind = await relay.lag()
    assert behind.events == 2
    assert behind.oldest_s == pytest.approx((datetime.now(UTC) - NOW).total_seconds(), abs=5)


async def test_a_relay_leaves_no_connection_listening(database_dsn: str, bus: Bus) -> None:
    database = Database(database_dsn, pool_size=2)
    async with database.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await add_to_outbox(database, "a", 1)
    relay = OutboxRelay(database, OUTBOX, bus)
    async with running(relay), asyncio.timeout(10):
        while (await extent(bus, CAMERA)).last < 1:
            await asyncio.sleep(0.02)
    async with database.begin() as one, database.begin() as other:
        for connection in (one, other):
            channels = await connection.execute(text("SELECT pg_listening_channels()"))
            assert channels.all() == []
    await database.close()


async def test_an_undone_transaction_sends_nothing(database: Database, bus: Bus) -> None:
    with suppress(RuntimeError):
        async with database.begin() as connection:
            await Outbox(connection, OUTBOX).add(*event("a", 1))
            raise RuntimeError
    assert await OutboxRelay(database, OUTBOX, bus).relay_once() == 0


async def test_an_event_sent_twice_is_kept_once(bus: Bus) -> None:
    await bus.publish([event("a", 1)])
    await bus.publish([event("a", 1), event("a", 2)])
    assert (await extent(bus, CAMERA)).last == 2


class Collector:
    """A handler that notes what it gets, and fails as told."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.attempts = 0
        self.fail: Any = lambda names: None

    async def __call__(self, deliveries: Sequence[Delivery]) -> None:
        self.attempts += 1
        error = self.fail(names(deliveries))
        if error is not None:
            raise error
        self.handled += names(deliveries)


def consumer(bus: Bus, collector: Collector, **options: Any) -> Consumer:
    return Consumer(bus, CAMERA, "test-camera", collector, "test", **options)


async def test_a_consumer_goes_on_where_it_stopped(bus: Bus) -> None:
    collector = Collector()
    await bus.publish([event("a", number) for number in range(5)])
    async with running(consumer(bus, collector)):
        await until(lambda: len(collector.handled) == 5)
    await bus.publish([event("a", number) for number in range(5, 8)])
    async with running(consumer(bus, collector)):
        await until(lambda: len(collector.handled) == 8)
    assert collector.handled == [str(number) for number in range(8)]


async def test_a_batch_comes_again_while_a_dependency_is_away(bus: Bus) -> None:
    collector = Collector()
    collector.fail = lambda names: Unavailable("away") if collector.attempts < 3 else None
    await bus.publish([event("a", 1)])
    async with running(consumer(bus, collector)):
        await until(lambda: collector.handled == ["1"])
    assert collector.attempts == 3


async def test_an_event_that_cannot_be_handled_is_put_aside_and_holds_up_no_other(bus: Bus) -> None:
    collector = Collector()
    collector.fail = lambda names: ValueError("poison") if "3" in names else None
    await bus.publish([event("a", number) for number in range(6)])
    async with running(consumer(bus, collector, max_attempts=2)):
        await until(lambda: len(collector.handled) == 5)
        async with asyncio.timeout(10):
            while (await extent(bus, DEAD_LETTERS)).last < 1:
                await asyncio.sleep(0.05)
    letter = await bus.jetstream.get_msg(DEAD_LETTERS.name, 1)
    assert "poison" in (letter.headers or {})["tally-reason"]
    assert sorted(collector.handled) == ["0", "1", "2", "4", "5"]


async def test_what_is_no_event_is_put_aside(bus: Bus) -> None:
    collector = Collector()
    await bus.jetstream.publish(CAMERA.subject("nonsense"), b"\xff\xff")
    await bus.publish([event("a", 1)])
    async with running(consumer(bus, collector)):
        await until(lambda: collector.handled == ["1"])
        async with asyncio.timeout(10):
            while (await extent(bus, DEAD_LETTERS)).last < 1:
                await asyncio.sleep(0.05)


async def test_a_consumer_survives_the_loss_of_its_stream(bus: Bus) -> None:
    collector = Collector()
    async with running(consumer(bus, collector)):
        await bus.publish([event("a", 1)])
        await until(lambda: collector.handled == ["1"])
        await bus.jetstream.delete_stream(CAMERA.name)
        await bus.ensure_streams()
        await bus.publish([event("a", 2)])
        await until(lambda: collector.handled == ["1", "2"])


async def test_a_tail_begins_behind_the_place_it_is_told(bus: Bus) -> None:
    await bus.publish([event("a", number) for number in range(1, 5)])
    seen = []
    async with asyncio.timeout(10):
        async for tailed in tail(bus, CAMERA, 2):
            seen.append(tailed.sequence)
            if len(seen) == 2:
                break
    assert seen == [3, 4]


async def test_nats_that_cannot_be_reached_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tally.kernel.bus.nats.CONNECT_TIMEOUT_S", 0.3)
    with pytest.raises(Unavailable):
        async with Bus.connect("nats://127.0.0.1:1", name="test"):
            pass
