"""Events as the record of what happened to an aggregate, with optimistic concurrency."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.message import Message
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    column,
    exists,
    insert,
    select,
    values,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.errors import ConcurrentChange
from tally.kernel.messages import decode, type_name


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was stored.

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


def events_table(metadata: MetaData) -> Table:
    """Add the table of events to a context's tables."""
    return Table(
        "events",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("stream_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("actor", Text, nullable=False),
        # Of two writers who expect the same version, this lets one through.
        UniqueConstraint("stream_id", "version", name="events_stream_version_key"),
        comment="What happened, never changed: the record that the read models follow.",
    )


class EventStore:
    """The events of one context, within one transaction.

    Args:
        connection: Where the transaction runs.
        table: From `events_table`.
    """

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection = connection
        self._table = table

    async def append(
        self,
        stream_id: str,
        expected_version: int,
        messages: Sequence[Message],
        at: datetime,
        actor: str = "",
    ) -> None:
        """Add events to the end of a stream.

        Args:
            stream_id: The aggregate.
            expected_version: Version of the last event that the writer knows; 0 for a new stream.
            messages: What happened, in order.
            at: When.
            actor: Who had it happen; empty for the server itself.

        Raises:
            ConcurrentChange: The stream does not end with the expected version.
        """
        if not messages:
            return
        rows = [
            {
                "stream_id": stream_id,
                "version": version,
                "type": type_name(message),
                "payload": message.SerializeToString(deterministic=True),
                "occurred_at": at,
                "actor": actor,
            }
            for version, message in enumerate(messages, expected_version + 1)
        ]
        try:
            added = await self._connection.execute(self._insert(rows, expected_version))
        except IntegrityError as error:
            raise ConcurrentChange from error
        if added.rowcount == 0:
            raise ConcurrentChange

    def _insert(self, rows: Sequence[dict[str, object]], expected_version: int) -> Insert:
        """Adds the rows if the stream has the expected version: one statement, as every command waits for it."""
        if not expected_version:
            return insert(self._table).values(rows)
        columns = [self._table.c[name] for name in rows[0]]
        last = self._table.alias("last")
        there = exists().where(
            last.c.stream_id == rows[0]["stream_id"], last.c.version == expected_version
        )
        given = values(*(column(each.name, each.type) for each in columns), name="given").data(
            [tuple(row.values()) for row in rows]
        )
        return insert(self._table).from_select(columns, select(given).where(there))

    async def version(self, stream_id: str) -> int:
        """Version of the stream's last event; 0 if there is none."""
        query = (
            select(self._table.c.version)
            .where(self._table.c.stream_id == stream_id)
            .order_by(self._table.c.version.desc())
            .limit(1)
        )
        return (await self._connection.execute(query)).scalar_one_or_none() or 0

    async def load(self, stream_id: str, after_version: int = 0) -> list[StoredEvent]:
        """The events of one stream behind a version, in order."""
        query = (
            select(self._table)
            .where(self._table.c.stream_id == stream_id, self._table.c.version > after_version)
            .order_by(self._table.c.version)
        )
        return [_event(row) for row in (await self._connection.execute(query)).mappings()]

    async def load_all(self) -> AsyncIterator[StoredEvent]:
        """All events, each stream's together and in order; read a batch at a time."""
        query = select(self._table).order_by(self._table.c.stream_id, self._table.c.version)
        async with self._connection.stream(query) as result:
            async for row in result.mappings():
                yield _event(row)


def _event(row: object) -> StoredEvent:
    values = dict(row)  # type: ignore[call-overload]  # SQLAlchemy's row mapping
    return StoredEvent(
        values["stream_id"],
        values["version"],
        values["position"],
        decode(values["type"], values["payload"]),
        values["occurred_at"],
        values["actor"],
    )
