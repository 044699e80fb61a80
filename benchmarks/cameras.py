"""Cameras listed from many, and commands each second beside a bare insert of one row.

Both run on the servers' event loop, with as many at once over as many connections, each in a transaction of its own.
A command is the use case as the message bus runs it: event, outbox and read model. What gRPC and the relay cost is
not in it.
"""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

import asyncpg
import uvloop

from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.list_cameras import ListCameras
from tally.camera.bootstrap import message_bus
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream
from tally.camera.mapping.listing import query_from_text
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.message_bus import MessageBus
from tally.kernel.migrations import upgrade
from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import StreamNetworks
from tally.kernel.telemetry import configure_logs
from tally.stack.folder import DataFolder
from tally.stack.postgres import PostgresServer

MANY = 100_000
LISTS = 300
COMMANDS = 2_000
AT_ONCE = 8
QUERIES = (
    ("", ""),
    ("", "create_time desc"),
    ('labels.floor = "7"', ""),
    ("state = active", "update_time desc"),
    ("99", ""),
)

Step = Callable[[int], Awaitable[object]]


def main() -> None:
    """Print the figures."""
    configure_logs("benchmark")
    logging.disable(logging.INFO)
    uvloop.run(_run())


async def _run() -> None:
    async with AsyncExitStack() as stack:
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        postgres = PostgresServer(folder)
        await postgres.start()
        stack.push_async_callback(postgres.stop)
        url = await postgres.ensure_database("camera")
        await upgrade(url, "tally.camera.migrations")
        database = Database(url, pool_size=AT_ONCE)
        stack.push_async_callback(database.close)
        pool = await asyncpg.create_pool(
            url.replace("+asyncpg", ""), min_size=AT_ONCE, max_size=AT_ONCE
        )
        stack.push_async_callback(pool.close)
        bus = message_bus(
            units_of_work(database), utc_now, KeyRingSealer(KeyRing.parse("")), StreamNetworks()
        )
        await _commands(bus, pool)
        await _fill(pool)
        await _lists(bus)


async def _commands(bus: MessageBus[UnitOfWork], pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    await pool.execute("CREATE TABLE plain (id uuid PRIMARY KEY, payload bytea NOT NULL)")
    made: list[str] = []

    async def insert(_: int) -> None:
        await pool.execute("INSERT INTO plain VALUES ($1, $2)", new_id(), b"x" * 100)

    async def create_one(number: int) -> None:
        spec = CameraSpec(name=f"new {number:06}", stream=Stream("rtsp://10.0.0.7/live"))
        made.append((await bus.execute(CreateCamera(spec=spec, sites=None))).camera.id)

    async def rename_one(number: int) -> None:
        name = f"old {number:06}"
        await bus.execute(
            UpdateCamera(
                camera_id=made[number], revise=lambda spec: replace(spec, name=name), sites=None
            )
        )

    bare = await _rate("bare asyncpg insert", insert)
    for what, step in (("create", create_one), ("update", rename_one)):
        rate = await _rate(what, step)
        print(f"  {rate / bare:.2f} of the bare insert's transactions/s")


async def _rate(what: str, step: Step) -> float:
    """Steps each second, with `AT_ONCE` at the same time."""
    numbers = iter(range(COMMANDS))
    times: list[float] = []

    async def work() -> None:
        for number in numbers:
            began = time.perf_counter()
            await step(number)
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    rate = COMMANDS / (time.perf_counter() - began)
    print(f"{what}: {rate:,.0f}/s, {_spread(times)}", flush=True)
    return rate


async def _fill(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Show as many cameras as there are to be, without the events that made them: lists do not look at those."""
    await pool.execute(
        """
        INSERT INTO cameras (id, name, stream, counting, location, labels, state, version, create_time, update_time,
                             sealed_credentials)
        SELECT gen_random_uuid(), 'camera ' || n, '{"uri": "demo://plaza", "pace": "realtime"}',
               '{"lines": [], "zones": [], "detector": "", "classes": []}',
               '{"description": "", "point": null}',
               jsonb_build_object('floor', (n % 1000)::text),
               CASE WHEN n % 10 = 0 THEN 'inactive' ELSE 'active' END, 1,
               now() - n * interval '1 second', now() - n * interval '1 second', ''
        FROM generate_series(1, $1) n
        """,
        MANY,
    )
    await pool.execute("VACUUM ANALYZE cameras")


async def _lists(bus: MessageBus[UnitOfWork]) -> None:
    for filter_, order_by in QUERIES:
        query = query_from_text(filter_, order_by)
        token, times = "", []
        for _ in range(LISTS):
            began = time.perf_counter()
            page = await bus.execute(ListCameras(query=query, token=token, sites=None))
            times.append(time.perf_counter() - began)
            token = page.next_page_token
        print(
            f"50 of {MANY:,} by {order_by or 'name'} where {filter_ or 'nothing else'}: {_spread(times)}"
        )


def _spread(times: list[float]) -> str:
    return f"median {median(times) * 1e3:.1f} ms, p99 {quantiles(times, n=100)[98] * 1e3:.1f} ms"
