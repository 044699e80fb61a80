"""Takes records of audited calls: this context's own, and those of the others off the bus."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.auth.application.command.record_calls import RecordCalls
from tally.auth.mapping.audit import record_from_proto
from tally.kernel.bus import AUDIT, Bus, Consumer, Delivery
from tally.kernel.messages import UnknownMessage, type_name


@dataclass(frozen=True, slots=True)
class OwnTrail:
    """The trail of the context that has the log."""

    record_calls: RecordCalls

    async def keep(self, record: AuditRecord) -> None:
        """Return when the record is in the log."""
        await self.record_calls([record_from_proto(record)])


def audit_consumer(bus: Bus, record_calls: RecordCalls) -> Consumer:
    """The durable consumer of the other contexts' records: acknowledges one when it is in the log."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await record_calls([record_from_proto(_recorded(each.message)) for each in deliveries])

    return Consumer(bus, AUDIT, "auth-audit", handle, context="auth", check=_check)


def _check(message: Message) -> None:
    record = _recorded(message)
    if not record.id or not record.HasField("time"):
        raise UnknownMessage("an audit record needs an id and a time")


def _recorded(message: Message) -> AuditRecord:
    if not isinstance(message, AuditRecord):
        raise UnknownMessage(f"{type_name(message)} is no AuditRecord")
    return message
