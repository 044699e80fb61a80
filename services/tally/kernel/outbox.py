"""Events written in the transaction that causes them, and sent after it: none is lost, none is made up.

The relay claims an aggregate's events with an advisory lock, so that several relays share the work while
each aggregate's events leave in order; it deletes them once the server has acknowledged them. Reading
by `id > last` instead would skip rows, because transactions do not commit in the order of their ids.
"""

import asyncio
import random
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

from tally.kernel.bus import Bus, Envelope
from tally.kernel.database import Database
from tally.kernel.errors import DomainError

BATCH = 500
POLL_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0

_relayed = metrics.get_meter("tally.kernel.outbox").create_counter(
    "tally.outbox.relayed", description="Events sent from the outbox"
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
        row = {
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
        await self._connection.execute(insert(self._table), row)
        await self._connection.execute(select(func.pg_notify(_CHANNEL, "")))


_CHANNEL = "outbox"


@dataclass(slots=True)
class OutboxRelay:
    """Sends what the outbox holds.

    Attributes:
        database: Where the outbox is.
        table: From `outbox_table`.
        bus: Where to.
    """

    database: Database
    table: Table
    bus: Bus

    async def run(self) -> None:
        """Send until cancelled; wakes as soon as a transaction commits, and looks by itself now and then."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                async with self.database.begin() as listening:
                    woken = await _listen(listening)
                    while True:
                        woken.clear()
                        while await self.relay_once():
                            pause = FIRST_PAUSE_S
                        try:
                            async with asyncio.timeout(POLL_S):
                                await woken.wait()
                        except TimeoutError:
                            continue
            except (DomainError, DBAPIError) as error:
                _log.warning("relay_interrupted", error=str(error), pause_s=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - jitter
            pause = min(pause * 2, LONGEST_PAUSE_S)

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
            await self.bus.publish([(row["nats_subject"], _envelope(row)) for row in rows])
            sent = [row["id"] for row in rows]
            await connection.execute(delete(self.table).where(columns.id.in_(sent)))
        _relayed.add(len(rows))
        return len(rows)

    async def waiting(self) -> int:
        """Events that are not yet sent."""
        async with self.database.begin() as connection:
            query = select(func.count()).select_from(self.table)
            count: int = (await connection.execute(query)).scalar_one()
            return count


async def _listen(connection: AsyncConnection) -> asyncio.Event:
    """An event that is set whenever a transaction with something for the outbox commits."""
    woken = asyncio.Event()
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.add_listener(_CHANNEL, lambda *_: woken.set())
    # LISTEN takes effect at commit, and no transaction may stay open while nothing happens.
    await connection.commit()
    return woken


def _envelope(row: Any) -> Envelope:
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
