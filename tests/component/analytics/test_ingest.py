"""Every record is stored once: none lost, none doubled, whatever dies and whatever comes again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from nats.aio.msg import Msg

from tally.analytics.adapters.reader import PostgresCountsReader
from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.application.command.record_counts import RecordCounts
from tally.analytics.domain.model import CountsRecord, Granularity, Stored
from tally.analytics.domain.timespan import TimeSpan
from tally.analytics.entrypoints.consumers import counting_consumer
from tally.analytics.settings import AnalyticsSettings
from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import COUNTING, Bus, Consumer, Envelope, consumer
from tally.kernel.bus.streams import DEAD_LETTERS
from tally.kernel.database import Database
from tally.kernel.errors import Unavailable
from tally.kernel.ids import new_id
from tally.kernel.migrations import upgrade
from tally.kernel.process import background
from tests.component.analytics.calls import HOUR, NOON
from tests.counts import publish, record

DAY = TimeSpan(NOON, NOON + 12 * HOUR)


@pytest.fixture(autouse=True)
def impatient_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not acknowledged comes again after a second."""
    monkeypatch.setattr(consumer, "ACK_WAIT_S", 1.0)
    monkeypatch.setattr(consumer, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
async def database(settings: AnalyticsSettings) -> AsyncIterator[Database]:
    url = settings.database_url.get_secret_value()
    await upgrade(url, "tally.analytics.migrations")
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture
async def own_bus(bus: Bus, settings: AnalyticsSettings) -> AsyncIterator[Bus]:
    """The context's own connection."""
    async with Bus.connect(settings.nats_url.get_secret_value(), name="analytics") as own:
        yield own


class Store:
    """The real store, with something done after each batch that it has stored."""

    def __init__(self, database: Database, after: Callable[[], object] = lambda: None) -> None:
        self._store = PostgresCountsStore(database)
        self._after = after
        self.stored = Stored(0, 0, 0)
        self.batches = 0

    async def add(self, records: Sequence[CountsRecord]) -> Stored:
        new = await self._store.add(records)
        self.stored = Stored(
            self.stored.records + new.records,
            self.stored.crossings + new.crossings,
            self.stored.visits + new.visits,
        )
        self.batches += 1
        self._after()
        return new

    async def rebuild_rollups(self) -> int:
        return await self._store.rebuild_rollups()


@asynccontextmanager
async def consuming(bus: Bus, store: Store) -> AsyncIterator[Consumer]:
    ingest = counting_consumer(bus, RecordCounts(store))
    async with background(ingest.run()):
        yield ingest


async def all_handled(ingest: Consumer, store: Store) -> None:
    async with asyncio.timeout(20):
        while not store.batches or await ingest.pending():
            await asyncio.sleep(0.05)


async def crossings(database: Database, camera_id: str) -> int:
    reader = PostgresCountsReader(database)
    sums = await reader.line_counts([camera_id], DAY, Granularity.TOTAL, 10, None)
    return sum(each.in_count + each.out_count for each in sums)


def minute(camera_id: str) -> list[events_pb2.CountsRecorded]:
    return [
        record(camera_id, number, NOON + timedelta(seconds=number), inwards=2, outwards=1)
        for number in range(60)
    ]


async def test_records_that_are_published_again_change_nothing(
    bus: Bus, own_bus: Bus, database: Database
) -> None:
    camera, store = new_id(), Store(database)
    for _ in range(3):
        await publish(bus, minute(camera))
    async with consuming(own_bus, store) as ingest:
        await all_handled(ingest, store)
    assert store.stored == Stored(60, 180, 0)
    assert await crossings(database, camera) == 180
    assert await store.rebuild_rollups() == 0


async def test_dying_between_storing_and_acknowledging_doubles_nothing(
    bus: Bus, own_bus: Bus, database: Database
) -> None:
    camera = new_id()
    await publish(bus, minute(camera))
    dying = asyncio.Event()

    def die() -> None:
        dying.set()
        raise asyncio.CancelledError

    first = Store(database, after=die)
    async with consuming(own_bus, first):
        await dying.wait()
    assert first.stored.crossings > 0

    second = Store(database)
    async with consuming(own_bus, second) as ingest:
        await all_handled(ingest, second)
    assert first.stored.crossings + second.stored.crossings == 180
    assert await crossings(database, camera) == 180
    assert await second.rebuild_rollups() == 0


async def test_lost_acknowledgements_double_nothing(
    bus: Bus, own_bus: Bus, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera, store = new_id(), Store(database)
    lost = 0
    acknowledge = Msg.ack

    async def lossy(message: Msg) -> None:
        nonlocal lost
        if lost < 90:
            lost += 1
        else:
            await acknowledge(message)

    monkeypatch.setattr(Msg, "ack", lossy)
    await publish(bus, minute(camera))
    async with consuming(own_bus, store) as ingest:
        await all_handled(ingest, store)
    assert lost == 90
    assert store.batches > 1
    assert store.stored == Stored(60, 180, 0)
    assert await crossings(database, camera) == 180


async def test_a_commit_whose_success_is_never_heard_of_doubles_nothing(
    bus: Bus, own_bus: Bus, database: Database
) -> None:
    camera = new_id()
    outages = 3

    def fail() -> None:
        nonlocal outages
        if outages:
            outages -= 1
            raise Unavailable("the database went away")

    store = Store(database, after=fail)
    await publish(bus, minute(camera))
    async with consuming(own_bus, store) as ingest:
        await all_handled(ingest, store)
    assert outages == 0
    assert store.stored == Stored(60, 180, 0)


async def test_what_can_never_be_stored_is_put_aside_and_disturbs_nothing(
    bus: Bus, own_bus: Bus, database: Database
) -> None:
    camera, store = new_id(), Store(database)
    sound = minute(camera)
    crooked = record(camera, 60, NOON, inwards=1)
    crooked.crossings[0].id = "crossing 1"
    unstorable = record(camera, 61, NOON)
    unstorable.detector = "\0"
    foreign = camera_events.CameraRenamed(camera_id=camera, name="plaza")
    await publish(bus, sound[:30])
    await bus.jetstream.publish(COUNTING.subject(camera), b"nonsense")
    await publish(bus, [crooked, unstorable])
    await bus.publish(
        [
            (
                COUNTING.subject(camera),
                Envelope.of(foreign, id=new_id(), source="test", subject=camera, time=NOON),
            )
        ]
    )
    await publish(bus, sound[30:])
    async with consuming(own_bus, store) as ingest:
        await all_handled(ingest, store)
    assert store.stored == Stored(60, 180, 0)
    assert await crossings(database, camera) == 180
    reasons = await dead_letters(bus, 4)
    for expected in (
        "not a CloudEvent",
        "crossings[0].id: must be a valid UUID",
        "CameraRenamed is no CountsRecorded",
        "U+0000",
    ):
        assert any(expected in reason for reason in reasons), (expected, reasons)


async def dead_letters(bus: Bus, count: int) -> list[str]:
    """Reasons of the dead letters, of which there are so many."""
    subscription = await bus.jetstream.pull_subscribe(
        DEAD_LETTERS.subject("analytics", ">"), stream=DEAD_LETTERS.name
    )
    async with asyncio.timeout(20):
        found: list[str] = []
        while len(found) < count:
            found += [
                (message.headers or {})["tally-reason"]
                for message in await subscription.fetch(count)
            ]
    info = await bus.jetstream.stream_info(DEAD_LETTERS.name)
    assert info.state.messages == count
    return found
