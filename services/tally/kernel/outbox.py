"""Events written in the transaction that causes them, and sent after it: none is lost, none is made up.

The relay claims an aggregate's events with an advisory lock, so that several relays share the work while
each aggregate's events leave in order; it deletes them once the server has acknowledged them. Reading
by `id > last` instead would skip rows, because transactions do not commit in the order of their ids.
Of each aggregate one event is under way at a time: a server that dies swallows some and is given those
behind them when it is back, so that of two under way the second may be stored first.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from opentelemetry import metrics
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.backoff import Backoff
from tally.kernel.bus import Bus, Envelope
from tally.kernel.database import Database, bring_news
from tally.kernel.errors import DomainError

BATCH = 500
POLL_S = 1.0

_meter = metrics.get_meter("tally.kernel.outbox")
_relayed = _meter.create_counter("tally.outbox.relayed", description="Events sent from the outbox")
_waiting = _meter.create_gauge("tally.outbox.waiting", description="Events that are not yet sent")
_oldest = _meter.create_gauge(
    "tally.outbox.oldest", unit="s", description="Age of the oldest event that is not yet sent"
)
_log = structlog.get_logger(__name__)


def outbox_table(metadata: MetaData) -> Table:
    """Add the outbox to a context's tables."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Text, nullable=False),
        Column("nats_subject", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("aggregate_id", Text, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("trace", JSONB, nullable=False),
        Column("version", BigInteger, nullable=False),
        comment="Events that are stored and not yet sent.",
    )


class Outbox:
    """Where a transaction leaves its events.

    Args:
        connection: Where the transaction runs.
        table: From `outbox_table`.
    """

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection = connection
        self._table = table

    async def add(self, subject: str, event: Envelope) -> None:
        """Have the event sent to a NATS subject if the transaction commits."""
        await self.add_all([(subject, event)])

    async def add_all(self, events: Sequence[tuple[str, Envelope]]) -> None:
        """Have events sent, in this order, if the transaction commits."""
        if events:
            rows = [row_of(subject, event) for subject, event in events]
            await self._connection.execute(insert(self._table), rows)
            bring_news(self._connection)


def row_of(subject: str, event: Envelope) -> dict[str, Any]:
    """The outbox's row of an event that is to be sent to a NATS subject."""
    return {
        "event_id": event.id,
        "nats_subject": subject,
        "source": event.source,
        "aggregate_id": event.subject,
        "occurred_at": event.time,
        "type": event.type,
        "payload": event.payload,
        "trace": dict(event.trace),
        "version": event.version,
    }


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a relay is behind.

    Attributes:
        events: Events that are not yet sent.
        oldest_s: Age of the oldest of them in seconds; 0 if there is none.
    """

    events: int
    oldest_s: float


@dataclass(slots=True)
class OutboxRelay:
    """Sends what the outbox holds.

    Attributes:
        database: Where the outbox is.
        table: From `outbox_table`.
        bus: Where to.
        prepare: Called before anything is sent, and again whenever the connection to NATS was lost meanwhile.
    """

    database: Database
    table: Table
    bus: Bus
    prepare: Callable[[], Awaitable[None]] | None = None

    async def run(self) -> None:
        """Send until cancelled; wakes as soon as a transaction of this process commits, and looks now and then.

        PostgreSQL's NOTIFY would wake relays of other processes too, but transactions that notify commit one after
        another, each with its own write to disk; and each process that fills the outbox has a relay.

        Raises:
            ConnectionGone: Only a new connection to NATS can help.
        """
        backoff = Backoff(first_s=0.2, longest_s=10.0)
        prepared = -1
        while True:
            self.bus.check_open()
            try:
                if self.prepare and prepared != (reconnects := self.bus.reconnects):
                    await self.prepare()
                    prepared = reconnects
                while await self.relay_once():
                    pass
                backoff.reset()
                await self._note_lag()
                await self._news()
                continue
            except (DomainError, DBAPIError) as error:
                prepared = -1
                _log.warning("relay_interrupted", error=str(error))
            with suppress(DomainError, DBAPIError):
                await self._note_lag()
            await asyncio.sleep(backoff.next_s())

    async def relay_once(self) -> int:
        """Send what can be sent now and return how many events that was.

        Raises:
            Unavailable: Database or NATS cannot be reached; the events stay where they are.
        """
        columns = self.table.c
        claim = (
            select(self.table)
            .where(func.pg_try_advisory_xact_lock(func.hashtextextended(columns.aggregate_id, 0)))
            .order_by(columns.id)
            .limit(BATCH)
            # A row that another relay has just sent and deleted is not seen again.
            .with_for_update(skip_locked=True)
        )
        async with self.database.begin() as connection:
            rows = (await connection.execute(claim)).mappings().all()
            if not rows:
                return 0
            for wave in _waves(rows):
                await self.bus.publish((row["nats_subject"], _envelope(row)) for row in wave)
            sent = [row["id"] for row in rows]
            await connection.execute(delete(self.table).where(columns.id.in_(sent)))
        _relayed.add(len(rows))
        return len(rows)

    async def lag(self) -> Lag:
        """What is not yet sent.

        Raises:
            Unavailable: The database cannot be reached.
        """
        age = func.extract("epoch", func.now() - func.min(self.table.c.occurred_at))
        query = select(func.count(), func.coalesce(age, 0)).select_from(self.table)
        async with self.database.begin() as connection:
            events, oldest_s = (await connection.execute(query)).one()
        return Lag(events, float(oldest_s))

    async def _news(self) -> None:
        """Return when something new may be in the outbox."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self.database.news.wait()
        self.database.news.clear()

    async def _note_lag(self) -> None:
        lag = await self.lag()
        outbox = {"database": self.database.name}
        _waiting.set(lag.events, outbox)
        _oldest.set(lag.oldest_s, outbox)


def _waves(rows: Iterable[RowMapping]) -> list[list[RowMapping]]:
    """The rows in groups that hold no aggregate twice; an aggregate's rows are in consecutive groups, in order."""
    waves: list[list[RowMapping]] = []
    met: Counter[str] = Counter()
    for row in rows:
        aggregate = row["aggregate_id"]
        if met[aggregate] == len(waves):
            waves.append([])
        waves[met[aggregate]].append(row)
        met[aggregate] += 1
    return waves


def _envelope(row: RowMapping) -> Envelope:
    return Envelope(
        row["event_id"],
        row["source"],
        row["aggregate_id"],
        row["occurred_at"],
        row["type"],
        row["payload"],
        row["trace"],
        row["version"],
    )
