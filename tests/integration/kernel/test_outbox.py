"""Events leave when their transaction has committed, in order, whoever relays them."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from tally.kernel.bus import CAMERA, Bus, Envelope, tail
from tally.kernel.bus.tail import extent
from tally.kernel.database import Database
from tally.kernel.outbox import Lag, Outbox, OutboxRelay
from tests.integration.kernel.renames import NOW, OUTBOX, event, running


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


async def test_what_commits_late_is_not_skipped(database: Database, bus: Bus) -> None:
    relay = OutboxRelay(database, OUTBOX, bus)
    async with database.begin() as late:
        await Outbox(late, OUTBOX).add(*event("a", 1))  # takes the lower place in the outbox
        await add_to_outbox(database, "b", 1)
        assert await relay.relay_once() == 1
    await add_to_outbox(database, "a", 2)
    assert await relay.relay_once() == 2
    sent: list[str] = []
    async with asyncio.timeout(10):
        async for tailed in tail(bus, CAMERA, 0):
            message: Any = tailed.envelope.message()
            sent.append(f"{message.camera_id}{message.name}")
            if len(sent) == 3:
                break
    assert sent == ["b1", "a1", "a2"]


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


async def test_a_relay_wakes_when_a_transaction_commits(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.kernel.outbox.POLL_S", 3600)
    async with running(OutboxRelay(database, OUTBOX, bus)):
        for number in (1, 2):
            await add_to_outbox(database, "a", number)
            async with asyncio.timeout(10):
                while (await extent(bus, CAMERA)).last < number:
                    await asyncio.sleep(0.02)


async def test_an_undone_transaction_sends_nothing(database: Database, bus: Bus) -> None:
    with suppress(RuntimeError):
        async with database.begin() as connection:
            await Outbox(connection, OUTBOX).add(*event("a", 1))
            raise RuntimeError
    assert await OutboxRelay(database, OUTBOX, bus).relay_once() == 0
