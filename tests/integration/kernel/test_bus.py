"""Events through JetStream: kept once, handled in batches, put aside when they never can be."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tally.kernel.bus import CAMERA, Bus, Consumer, Delivery, tail
from tally.kernel.bus.nats import ConnectionGone
from tally.kernel.bus.streams import DEAD_LETTERS
from tally.kernel.bus.tail import extent
from tally.kernel.database import Database
from tally.kernel.errors import Unavailable
from tally.kernel.outbox import Outbox, OutboxRelay
from tests.integration.kernel.renames import OUTBOX, event, names, running, until


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


async def test_a_dependency_that_is_away_for_long_puts_no_event_aside(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.kernel.bus.consumer.LONGEST_PAUSE_S", 0.05)
    collector = Collector()
    failures: list[Exception] = [Unavailable("away")] * 6 + [ValueError("once")]
    collector.fail = lambda names: failures.pop(0) if failures else None
    await bus.publish([event("a", 1)])
    async with running(consumer(bus, collector, max_attempts=2)):
        await until(lambda: collector.handled == ["1"])
    assert (await extent(bus, DEAD_LETTERS)).last == 0


async def test_a_consumer_that_stops_leaves_its_events_to_the_next_at_once(bus: Bus) -> None:
    taken = asyncio.Event()

    async def hang(_deliveries: Sequence[Delivery]) -> None:
        taken.set()
        await asyncio.Event().wait()

    await bus.publish([event("a", number) for number in range(3)])
    async with running(Consumer(bus, CAMERA, "test-camera", hang, "test")):
        await taken.wait()
    collector = Collector()
    async with running(consumer(bus, collector)):
        await until(lambda: sorted(collector.handled) == ["0", "1", "2"], seconds=5)


async def test_a_long_handler_is_not_overtaken_by_a_redelivery(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.kernel.bus.consumer.ACK_WAIT_S", 0.6)
    handled: list[str] = []

    async def take_long(deliveries: Sequence[Delivery]) -> None:
        handled.extend(names(deliveries))
        await asyncio.sleep(1.5)  # longer than the server waits without hearing anything

    workers = [Consumer(bus, CAMERA, "test-camera", take_long, "test") for _ in range(2)]
    await bus.publish([event("a", 1)])
    async with running(*workers), asyncio.timeout(10):
        await until(lambda: handled)
        while await workers[0].pending():
            await asyncio.sleep(0.05)
    assert handled == ["1"]


async def test_the_trace_of_an_event_goes_on_in_its_handler(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = TracerProvider()
    monkeypatch.setattr("tally.kernel.bus.consumer._tracer", provider.get_tracer("test"))
    seen: list[int] = []

    async def note_trace(_deliveries: Sequence[Delivery]) -> None:
        seen.append(trace.get_current_span().get_span_context().trace_id)

    with provider.get_tracer("test").start_as_current_span("cause") as cause:
        published = event("a", 1)
    await bus.publish([published])
    async with running(Consumer(bus, CAMERA, "test-camera", note_trace, "test")):
        await until(lambda: seen)
    assert seen == [cause.get_span_context().trace_id]


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


async def follow(bus: Bus) -> None:
    async for _ in tail(bus, CAMERA, 0):
        pass


async def test_a_connection_that_is_gone_for_good_ends_those_who_need_it(
    bus: Bus, database: Database
) -> None:
    jobs = [
        asyncio.create_task(job)
        for job in (
            consumer(bus, Collector()).run(),
            OutboxRelay(database, OUTBOX, bus).run(),
            follow(bus),
        )
    ]
    await bus.client.close()
    async with database.begin() as connection:  # without anything to send the relay misses nothing
        await Outbox(connection, OUTBOX).add(*event("a", 1))
    async with asyncio.timeout(20):
        results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionGone] * 3


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
