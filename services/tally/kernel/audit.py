"""Where records of audited calls go."""

from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from sqlalchemy import Table

from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.streams import AUDIT
from tally.kernel.database import Database
from tally.kernel.outbox import Outbox


class AuditTrail(Protocol):
    """Keeps what was done."""

    async def keep(self, record: AuditRecord) -> None:
        """Return when the record cannot be lost any more.

        Raises:
            DomainError: It could not be kept.
        """


@dataclass(frozen=True, slots=True)
class OutboxTrail:
    """Keeps records in a context's outbox, from where they reach the audit log.

    Attributes:
        database: Where the outbox is.
        outbox: From `outbox_table`.
        context: Whose calls these are, such as `camera`.
    """

    database: Database
    outbox: Table
    context: str

    async def keep(self, record: AuditRecord) -> None:
        """Return when the record is committed."""
        event = Envelope.of(
            record,
            id=record.id,
            source=f"tally/{self.context}",
            # No record waits for another one: the relay sends the events of one aggregate in turn.
            subject=record.id,
            time=record.time.ToDatetime(UTC),
        )
        async with self.database.begin() as connection:
            await Outbox(connection, self.outbox).add(AUDIT.subject(self.context), event)
