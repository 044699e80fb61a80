"""Crossings stored each second, from JetStream to summed rows, beside a plain COPY of the same rows."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from tally.analytics.adapters.tables import crossings
from tally.analytics.bootstrap import analytics_server
from tally.analytics.entrypoints.consumers import BATCH
from tally.analytics.settings import AnalyticsSettings
from tally.api.counting.v1 import count_pb2, events_pb2
from tally.kernel.bus import COUNTING, Bus, Envelope
from tally.kernel.ids import derived_id, new_id
from tally.kernel.migrations import upgrade
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer

CAMERAS = 100
CROSSINGS = 100_000
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def main() -> None:
    """Print figures for busy and for quiet cameras."""
    for each_record in (5, 1):
        asyncio.run(_run(each_record))


async def _run(each_record: int) -> None:
    records = _records(CROSSINGS // each_record, each_record)
    async with AsyncExitStack() as stack:
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        for server in (postgres, nats):
            await server.start()
            stack.push_async_callback(server.stop)
        url = await postgres.ensure_database("analytics")
        await upgrade(url, "tally.analytics.migrations")
        async with Bus.connect(nats.url("stack"), name="benchmark") as bus:
            await _publish(bus, records)
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        stack.push_async_callback(connection.close)

        plain = await _copy(connection, records)
        began = time.perf_counter()
        settings = AnalyticsSettings(
            listen="127.0.0.1:0",
            database_url=SecretStr(url),
            nats_url=SecretStr(nats.url("analytics")),
        )
        async with analytics_server(settings):
            await _all_summed(connection)
        elapsed = time.perf_counter() - began
    print(
        f"{each_record} crossings in a record: {CROSSINGS / elapsed:,.0f} crossings/s, "
        f"{len(records) / elapsed:,.0f} records/s; plain COPY {CROSSINGS / plain:,.0f} crossings/s"
    )


def _records(count: int, each_record: int) -> list[events_pb2.CountsRecorded]:
    cameras = [(new_id(), new_id()) for _ in range(CAMERAS)]
    return [
        _record(*cameras[number % CAMERAS], number // CAMERAS, each_record)
        for number in range(count)
    ]


def _record(camera: str, run: str, sequence: int, each_record: int) -> events_pb2.CountsRecorded:
    record = events_pb2.CountsRecorded(
        camera_id=camera,
        run_id=run,
        sequence=sequence,
        epoch=1,
        config_version=1,
        frames_processed=10,
        occupancies=[count_pb2.ZoneOccupancy(zone="plaza", count=3, peak=4)],
        totals=[count_pb2.LineTotal(line="gate", in_count=sequence)],
        detector="motion",
    )
    record.start_time.FromDatetime(START + timedelta(seconds=sequence))
    record.end_time.FromDatetime(START + timedelta(seconds=sequence + 0.9))
    for ordinal in range(each_record):
        crossing = record.crossings.add(
            id=derived_id(camera, run, sequence, "gate", ordinal),
            line="gate",
            direction=count_pb2.DIRECTION_IN,
            track=sequence,
            ordinal=ordinal,
            object_class="person",
            score=0.5,
        )
        crossing.time.FromDatetime(START + timedelta(seconds=sequence))
    return record


async def _publish(bus: Bus, records: Sequence[events_pb2.CountsRecorded]) -> None:
    for first in range(0, len(records), 1000):
        await bus.publish(
            [
                (
                    COUNTING.subject(record.camera_id),
                    Envelope.of(
                        record,
                        id=derived_id(record.run_id, record.sequence),
                        source="benchmark",
                        subject=record.camera_id,
                        time=START,
                    ),
                )
                for record in records[first : first + 1000]
            ]
        )


async def _copy(
    connection: asyncpg.Connection, records: Sequence[events_pb2.CountsRecorded]
) -> float:
    """Seconds to COPY the crossings into a table like theirs, in transactions of the same size."""
    rows: list[tuple[object, ...]] = [
        (
            crossing.id,
            record.camera_id,
            record.run_id,
            record.sequence,
            crossing.line,
            "in",
            crossing.time.ToDatetime(tzinfo=UTC),
            crossing.track,
            crossing.ordinal,
            crossing.object_class,
            crossing.score,
            crossing.confidence,
            [],
            timedelta(),
            crossing.previous_line,
            None,
        )
        for record in records
        for crossing in record.crossings
    ]
    await connection.execute("CREATE TABLE plain (LIKE crossings INCLUDING ALL)")
    size = BATCH * len(rows) // len(records)
    began = time.perf_counter()
    for first in range(0, len(rows), size):
        await connection.copy_records_to_table(
            "plain", records=rows[first : first + size], columns=crossings.columns.keys()
        )
    return time.perf_counter() - began


async def _all_summed(connection: asyncpg.Connection) -> None:
    """Wait until the sums hold every crossing."""
    query = "SELECT coalesce(sum(in_count + out_count), 0)::bigint FROM line_counts"
    while True:
        if await connection.fetchval(query) >= CROSSINGS:
            return
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
