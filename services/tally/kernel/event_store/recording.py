"""Appends events, leaves them in the outbox and changes the read model: in one statement, since every command waits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.bus import Envelope
from tally.kernel.connections import driver
from tally.kernel.database import bring_news
from tally.kernel.errors import ConcurrentChange
from tally.kernel.event_store.tables import ONE_OF_EACH_VERSION

_RECORD = """
WITH given AS (
    SELECT *
    FROM unnest($3::int[], $4::text[], $5::bytea[], $6::timestamptz[], $7::text[], $8::text[])
        AS given (version, type, payload, occurred_at, event_id, nats_subject)
    WHERE $2::int = 0 OR EXISTS (SELECT FROM events WHERE stream_id = $1::text AND version = $2)
), appended AS (
    INSERT INTO events (stream_id, version, type, schema_version, payload, occurred_at, actor)
    SELECT $1, version, type, $9::int, payload, occurred_at, $10::text FROM given ORDER BY version
), announced AS (
    INSERT INTO outbox (event_id, nats_subject, source, aggregate_id, occurred_at, type, payload, trace, version)
    SELECT event_id, nats_subject, $11::text, $1, occurred_at, type, payload, $12::jsonb, version
    FROM given ORDER BY version
), projected AS ({projection})
SELECT EXISTS (SELECT FROM given)
"""


@dataclass(frozen=True, slots=True)
class Projection:
    """What events change in a read model.

    Attributes:
        sql: One INSERT, UPDATE or DELETE with the condition `EXISTS (SELECT FROM given)`. The stream's id is `$1`,
            its own parameters begin with `$13`.
        parameters: Their values.
    """

    sql: str
    parameters: Sequence[Any]


async def record(
    connection: AsyncConnection,
    events: Sequence[tuple[str, Envelope]],
    projection: Projection,
    *,
    schema_version: int,
    actor: str = "",
) -> None:
    """Add events to the end of a stream, have them sent, and change the read model.

    Args:
        connection: Where the transaction runs; without one, this is a transaction of its own.
        events: One or more of one stream, with the NATS subjects to send them to. Their versions follow the last
            event of the stream, and one another.
        projection: What they change in the read model.
        schema_version: Of their shape.
        actor: Who had them happen; empty for the server itself.

    Raises:
        ConcurrentChange: The stream does not end with the version before the first of them.
        asyncpg.IntegrityConstraintViolationError: The read model refuses the change.
    """
    subjects, envelopes = zip(*events, strict=True)
    first: Envelope = envelopes[0]
    try:
        recorded = await driver(connection).fetchval(
            _record(projection.sql),
            first.subject,
            first.version - 1,
            [each.version for each in envelopes],
            [each.type for each in envelopes],
            [each.payload for each in envelopes],
            [each.time for each in envelopes],
            [each.id for each in envelopes],
            subjects,
            schema_version,
            actor,
            first.source,
            json.dumps(dict(first.trace)),
            *projection.parameters,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != ONE_OF_EACH_VERSION:
            raise
        raise ConcurrentChange from error
    if not recorded:
        raise ConcurrentChange
    bring_news(connection)


@cache
def _record(projection: str) -> str:
    return _RECORD.format(projection=projection)
