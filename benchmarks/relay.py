"""Events that leave an outbox each second, with one relay and with two, beside JetStream alone.

Those of busy aggregates leave one by one, each after its predecessor was acknowledged; those of quiet ones together.
JetStream syncs each event to disk before it acknowledges, which is what all of them wait for.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import uvloop
from sqlalchemy import MetaData, insert

from tally.api.camera.v1.events_pb2 import CameraRenamed
from tally.kernel.bus import CAMERA, Bus, Envelope
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.outbox import BATCH, OutboxRelay, outbox_table, row_of
from tally.kernel.telemetry import configure_logs
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer

EVENTS = 20_000
EACH = (1, 20)
"""Events of each aggregate."""

Events = Sequence[tuple[str, Envelope]]

metadata = MetaData()
outbox = outbox_table(metadata)


def main() -> None:
    """Print the figures."""
    configure_logs("benchmark")
    logging.disable(logging.INFO)
    uvloop.run(_run())


async def _run() -> None:
    async with AsyncExitStack() as stack:
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        for server in (postgres, nats):
            await server.start()
            stack.push_async_callback(server.stop)
        database = Database(await postgres.ensure_database("camera"))
        stack.push_async_callback(database.close)
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        buses = [
            await stack.enter_async_context(Bus.connect(nats.url("stack"), name=f"relay {n}"))
            for n in (1, 2)
        ]
        async with _timed("JetStream alone"):
            events = _events(1)
            for first in range(0, EVENTS, BATCH):
                await buses[0].publish(events[first : first + BATCH])
        for each in EACH:
            for relays in (buses[:1], buses):
                await _fill(database, _events(each))
                async with _timed(f"{len(relays)} relay(s), {each} events of each aggregate"):
                    await asyncio.gather(*(_drain(database, bus) for bus in relays))


def _events(each: int) -> Events:
    """As many events as there are to be, `each` of them of each aggregate, which take turns."""
    cameras = [new_id() for _ in range(EVENTS // each)]
    return [_event(camera, version) for version in range(1, each + 1) for camera in cameras]


def _event(camera: str, version: int) -> tuple[str, Envelope]:
    message = CameraRenamed(camera_id=camera, name=f"camera {version}")
    envelope = Envelope.of(
        message, id=new_id(), source="benchmark", subject=camera, time=utc_now(), version=version
    )
    return CAMERA.subject("CameraRenamed", camera), envelope


async def _fill(database: Database, events: Events) -> None:
    async with database.begin() as connection:
        await connection.execute(insert(outbox), [row_of(*event) for event in events])


async def _drain(database: Database, bus: Bus) -> None:
    relay = OutboxRelay(database, outbox, bus)
    while (await relay.lag()).events:
        await relay.relay_once()


@asynccontextmanager
async def _timed(what: str) -> AsyncIterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what}: {EVENTS / (time.perf_counter() - began):,.0f} events/s", flush=True)
