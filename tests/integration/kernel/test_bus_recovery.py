"""Outbox, consumers and tails while the NATS server is killed, and comes back, again and again."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tally.kernel.bus import CAMERA, Bus, Consumer, Delivery, tail
from tally.kernel.database import Database
from tally.kernel.outbox import Outbox, OutboxRelay
from tally.kernel.process import background
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tests.integration.kernel.renames import OUTBOX, event

CAMERAS = [f"camera-{number}" for number in range(8)]
EACH = 100
EXPECTED = {camera: list(range(EACH)) for camera in CAMERAS}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(DataFolder(tmp_path))
    await server.start()
    yield server
    await server.stop()


async def kill(server: NatsServer) -> None:
    victim = server.process.pid
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    while server.process.state != "serving" or server.process.pid in (None, victim):
        await asyncio.sleep(0.02)


async def write(database: Database, camera: str) -> None:
    for number in range(EACH):
        subject, envelope = event(camera, number)
        async with database.begin() as connection:
            await Outbox(connection, OUTBOX).add(subject, envelope)
        await asyncio.sleep(0.02)


async def test_nothing_is_lost_doubled_or_overtaken(server: NatsServer, database: Database) -> None:
    handled: dict[str, set[int]] = {camera: set() for camera in CAMERAS}
    followed: dict[str, list[int]] = {camera: [] for camera in CAMERAS}

    async def handle(deliveries: Any) -> None:
        for delivery in deliveries:
            assert isinstance(delivery, Delivery)
            message: Any = delivery.message
            handled[message.camera_id].add(int(message.name))

    async def follow(bus: Bus) -> None:
        async for tailed in tail(bus, CAMERA, 0):
            message: Any = tailed.envelope.message()
            followed[message.camera_id].append(int(message.name))

    url = server.url("stack")
    async with (
        asyncio.timeout(90),
        Bus.connect(url, name="one") as one,
        Bus.connect(url, name="two") as two,
        background(
            *(OutboxRelay(database, OUTBOX, bus).run() for bus in (one, two)),
            Consumer(one, CAMERA, "test-camera", handle, "test").run(),
            follow(two),
        ),
    ):
        writers = asyncio.gather(*(write(database, camera) for camera in CAMERAS))
        for _ in range(3):
            await asyncio.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - a test
            await kill(server)
        await writers
        while (await OutboxRelay(database, OUTBOX, one).lag()).events:
            await asyncio.sleep(0.02)
        while any(len(each) < EACH for each in (*handled.values(), *followed.values())):
            await asyncio.sleep(0.02)
    assert followed == EXPECTED
    assert {camera: sorted(each) for camera, each in handled.items()} == EXPECTED
