"""Reads what happened to an aggregate."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.connections import driver
from tally.kernel.event_store.upcasting import UNCHANGED, Upcasters
from tally.kernel.messages import decode

_LIFE = """
SELECT stream_id, version, position, type, schema_version, payload, occurred_at, actor
FROM events WHERE stream_id = $1 ORDER BY version
"""
_SINCE_SNAPSHOT = """
WITH latest AS (SELECT version, state FROM snapshots WHERE stream_id = $1 AND schema = $2)
SELECT state::text, NULL AS stream_id, version, NULL AS position, NULL AS type, NULL AS schema_version,
    NULL AS payload, NULL AS occurred_at, NULL AS actor
FROM latest
UNION ALL
(SELECT NULL, stream_id, version, position, type, schema_version, payload, occurred_at, actor
FROM events WHERE stream_id = $1 AND version > coalesce((SELECT version FROM latest), 0) ORDER BY version)
"""
_KEEP = """
INSERT INTO snapshots AS known (stream_id, version, schema, state) VALUES ($1, $2, $3, $4)
ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version, schema = excluded.schema, state = excluded.state
WHERE known.version < excluded.version OR known.schema <> excluded.schema
"""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was stored, in the shape of today.

    Attributes:
        stream_id: The aggregate that it happened to.
        version: Its position in that stream, from 1.
        position: Its place among the events of all streams; grows, and may leave gaps.
        message: What happened.
        occurred_at: When.
        actor: Who had it happen, such as `user:0190…`; empty if the server itself did, or nobody noted it.
    """

    stream_id: str
    version: int
    position: int
    message: Message
    occurred_at: datetime
    actor: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What a stream's aggregate can be made of.

    Attributes:
        snapshot: A state that it had, as JSON; None if none is known.
        events: What happened after that, oldest first; all that happened if there is no snapshot.
    """

    snapshot: str | None
    events: Sequence[StoredEvent]


class EventStore:
    """The events of one context, within one transaction.

    Args:
        connection: Where the transaction runs.
        table: From `events_table`.
        upcasters: How events changed their shape.
    """

    def __init__(
        self, connection: AsyncConnection, table: Table, upcasters: Upcasters = UNCHANGED
    ) -> None:
        self._connection = connection
        self._table = table
        self._upcasters = upcasters

    async def load(self, stream_id: str) -> list[StoredEvent]:
        """The events of one stream, in order."""
        rows = await driver(self._connection).fetch(_LIFE, stream_id)
        return [self._event(row) for row in rows]

    async def load_since_snapshot(self, stream_id: str, schema: str) -> History:
        """The newest snapshot of one stream that has this schema, and the events after it."""
        rows = await driver(self._connection).fetch(_SINCE_SNAPSHOT, stream_id, schema)
        snapshot = rows.pop(0)["state"] if rows and rows[0]["state"] else None
        return History(snapshot, [self._event(row) for row in rows])

    async def keep_snapshot(self, stream_id: str, version: int, schema: str, state: str) -> None:
        """Remember a state, in place of an older one or one of another schema.

        Args:
            stream_id: The aggregate.
            version: Version of the last event that led to it.
            schema: Tells states apart that have another shape, or were made of events in another way.
            state: As JSON.
        """
        await driver(self._connection).execute(_KEEP, stream_id, version, schema, state)

    async def load_all(self) -> AsyncIterator[StoredEvent]:
        """All events, each stream's together and in order; read a batch at a time."""
        query = select(self._table).order_by(self._table.c.stream_id, self._table.c.version)
        async with self._connection.stream(query) as result:
            async for row in result.mappings():
                yield self._event(row)

    def _event(self, row: Any) -> StoredEvent:
        message = decode(row["type"], row["payload"])
        return StoredEvent(
            row["stream_id"],
            row["version"],
            row["position"],
            self._upcasters(message, row["schema_version"]),
            row["occurred_at"],
            row["actor"],
        )
