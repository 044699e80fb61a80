"""Records of the audit log, as contexts tell them and as callers see them."""

from dataclasses import fields
from datetime import UTC

from tally.api.auth.v1 import audit_pb2, audit_service_pb2
from tally.auth.domain.audit import Entry, Record, Wanted
from tally.kernel.messages import moment

_TEXTS = [field.name for field in fields(Record) if field.name != "time"]


def record_from_proto(message: audit_pb2.AuditRecord) -> Record:
    """The record."""
    texts = {name: getattr(message, name) for name in _TEXTS}
    return Record(time=message.time.ToDatetime(UTC), **texts)


def entry_to_proto(entry: Entry) -> audit_pb2.AuditEntry:
    """The whole entry."""
    record = audit_pb2.AuditRecord(**{name: getattr(entry.record, name) for name in _TEXTS})
    record.time.FromDatetime(entry.record.time)
    return audit_pb2.AuditEntry(sequence=entry.sequence, record=record, hash=entry.hash.hex())


def wanted_from_proto(request: audit_service_pb2.ListAuditEntriesRequest) -> Wanted:
    """Which entries are asked for."""
    return Wanted(
        moment(request, "start_time"),
        moment(request, "end_time"),
        request.principal,
        request.method,
        request.failed,
    )
