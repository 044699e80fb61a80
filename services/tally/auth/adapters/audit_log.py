"""The audit log in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC

from sqlalchemy import ColumnElement, RowMapping, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import audit_logs
from tally.auth.domain.audit import BEGINNING, Entry, Record, Wanted, chained_hash

_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(7236840))
_COLUMNS = audit_logs.c


class PostgresAuditLog:
    """The log within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, records: Sequence[Record]) -> None:
        """Add those records that are not there yet, each chained to the one before."""
        await self._connection.execute(_ONE_AT_A_TIME)
        known = select(_COLUMNS.id).where(_COLUMNS.id.in_([record.id for record in records]))
        met = set((await self._connection.execute(known)).scalars())
        last = select(_COLUMNS.sequence, _COLUMNS.hash).order_by(_COLUMNS.sequence.desc()).limit(1)
        found = (await self._connection.execute(last)).one_or_none()
        sequence, digest = found or (0, BEGINNING)
        rows = []
        for record in records:
            if record.id in met:
                continue
            met.add(record.id)
            sequence, digest = sequence + 1, chained_hash(digest, record)
            rows.append({"sequence": sequence, **asdict(record), "hash": digest})
        if rows:
            await self._connection.execute(insert(audit_logs), rows)

    async def newest(self, wanted: Wanted, before: int | None, limit: int) -> Sequence[Entry]:
        """At most `limit` entries, newest first, from the first that precedes `before`."""
        conditions = _conditions(wanted)
        if before is not None:
            conditions.append(_COLUMNS.sequence < before)
        query = (
            select(audit_logs).where(*conditions).order_by(_COLUMNS.sequence.desc()).limit(limit)
        )
        return [_entry(row) for row in (await self._connection.execute(query)).mappings()]

    async def oldest(self, after: int, limit: int) -> Sequence[Entry]:
        """At most `limit` entries, oldest first, from the first that follows `after`."""
        query = (
            select(audit_logs)
            .where(_COLUMNS.sequence > after)
            .order_by(_COLUMNS.sequence)
            .limit(limit)
        )
        return [_entry(row) for row in (await self._connection.execute(query)).mappings()]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.start_time:
        conditions.append(_COLUMNS.time >= wanted.start_time)
    if wanted.end_time:
        conditions.append(_COLUMNS.time < wanted.end_time)
    if wanted.principal:
        conditions.append(_COLUMNS.principal == wanted.principal)
    if wanted.method:
        conditions.append(_COLUMNS.method == wanted.method)
    if wanted.failed:
        conditions.append(_COLUMNS.outcome != "OK")
    return conditions


def _entry(row: RowMapping) -> Entry:
    record = Record(
        row["id"],
        row["time"].astimezone(UTC),
        row["principal"],
        row["address"],
        row["method"],
        row["request"],
        row["outcome"],
        row["reason"],
        row["trace_id"],
    )
    return Entry(row["sequence"], record, row["hash"])
