"""Stores records and keeps the sums over them, in one transaction for each batch."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.analytics.adapters import rollups
from tally.analytics.adapters.fencing import fence
from tally.analytics.adapters.tables import (
    coverage,
    crossings,
    line_counts,
    observations,
    visits,
    zone_counts,
)
from tally.analytics.domain.model import CountsRecord, Stored
from tally.kernel.database import Database, copy_rows

_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(7236840)")
"""Writers come one after another: each must see what the others stored of the same run, to join its records."""

_STAGED = (
    "(o.camera_id, o.run_id, o.sequence) IN ("
    "SELECT camera_id, run_id, sequence FROM staged_observations UNION "
    "SELECT camera_id, run_id, sequence + 1 FROM staged_observations)"
)
"""The batch's records and those that follow them, which may have waited for a record to join."""


class PostgresCountsStore:
    """The record of what was counted, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, records: Sequence[CountsRecord]) -> Stored:
        """Store what is new in these records and add it to the sums."""
        async with self._database.begin() as connection:
            await connection.execute(_TAKE_TURNS)
            await _stage(connection, observations, map(_observation, records))
            await _stage(connection, crossings, _crossings(records))
            await _stage(connection, visits, _visits(records))
            refused, withdrawn = await fence(connection)
            stored = await connection.execute(text(_unstage(observations, returning="1")))
            for statement in rollups.add_observations(_STAGED):
                await connection.execute(text(statement))
            return Stored(
                records=len(stored.all()),
                crossings=await _count(connection, rollups.add_crossings(_unstage(crossings))),
                visits=await _count(connection, rollups.add_visits(_unstage(visits))),
                refused=refused,
                withdrawn=withdrawn,
            )

    async def rebuild_rollups(self) -> int:
        """Make all sums again from the stored records; returns how many were wrong."""
        sums = (line_counts, zone_counts, coverage)
        async with self._database.begin() as connection:
            await connection.execute(_TAKE_TURNS)
            for table in sums:
                await connection.execute(
                    text(
                        f"CREATE TEMPORARY TABLE former_{table.name} ON COMMIT DROP "
                        f"AS TABLE {table.name}"
                    )
                )
                await connection.execute(table.delete())
            for statement in (
                *rollups.add_observations("true"),
                rollups.add_crossings("SELECT * FROM crossings"),
                rollups.add_visits("SELECT * FROM visits"),
            ):
                await connection.execute(text(statement))
            return sum([await _count(connection, _differences(table)) for table in sums])


async def _stage(connection: AsyncConnection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    """Copy rows into a table of this session's own, beside the one that they are meant for."""
    await connection.execute(
        text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS staged_{table.name} (LIKE {table.name}) "
            "ON COMMIT DELETE ROWS"
        )
    )
    await copy_rows(connection, f"staged_{table.name}", table.columns.keys(), rows)


def _unstage(table: Table, returning: str = "*") -> str:
    return (
        f"INSERT INTO {table.name} SELECT * FROM staged_{table.name} "
        f"ON CONFLICT DO NOTHING RETURNING {returning}"
    )


def _differences(table: Table) -> str:
    key = ", ".join(table.primary_key.columns.keys())
    return (
        f"SELECT count(*) FROM former_{table.name} former FULL JOIN {table.name} present "
        f"USING ({key}) WHERE former IS DISTINCT FROM present"
    )


async def _count(connection: AsyncConnection, statement: str) -> int:
    count: int = (await connection.execute(text(statement))).scalar_one()
    return count


def _observation(record: CountsRecord) -> Sequence[Any]:
    return (
        record.camera_id,
        record.run_id,
        record.sequence,
        record.epoch,
        record.config_version,
        record.detector,
        record.start,
        record.end,
        record.frames_processed,
        record.frames_dropped,
        record.lines,
        tuple(record.peaks),
        tuple(record.peaks.values()),
        record.recording,
        tuple(record.heat),
        tuple(record.heat.values()),
    )


def _crossings(records: Sequence[CountsRecord]) -> Iterator[Sequence[Any]]:
    for record in records:
        place = (record.camera_id, record.run_id, record.sequence)
        for crossing_id, *rest in record.crossings:
            yield crossing_id, *place, *rest


def _visits(records: Sequence[CountsRecord]) -> Iterator[Sequence[Any]]:
    for record in records:
        place = (record.camera_id, record.run_id, record.sequence)
        for visit_id, *rest in record.visits:
            yield visit_id, *place, *rest
