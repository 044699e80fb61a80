"""The audit log: what was done, each entry chained to the one before by its hash."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

BEGINNING = bytes(32)
"""Stands for the hash of the entry before the first one."""


@dataclass(frozen=True, slots=True)
class Record:
    """One call of an audited method.

    Attributes:
        id: The same however often the record arrives.
        time: When the call ended.
        principal: Who called; empty if nobody knows.
        address: Where from.
        method: Full name of the method, with its service.
        request: The request as JSON, without what is sensitive.
        outcome: Name of the gRPC status.
        reason: Why it failed; empty if it did not.
        trace_id: The call's trace; empty if it has none.
    """

    id: str
    time: datetime
    principal: str
    address: str
    method: str
    request: str
    outcome: str
    reason: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place.

    Attributes:
        sequence: From 1 without gaps.
        record: What happened.
        hash: SHA-256 that chains it to the entry before.
    """

    sequence: int
    record: Record
    hash: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is empty is not asked for.

    Attributes:
        start_time: Those at this time or later.
        end_time: Those before this time.
        principal: Those of this caller.
        method: Those of this method.
        failed: Only calls that failed.
    """

    start_time: datetime | None = None
    end_time: datetime | None = None
    principal: str = ""
    method: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes:
        entries: Entries read.
        first_broken: The first that does not fit the chain; 0 if all do.
        last_hash: Hash of the last entry; empty if there is none.
    """

    entries: int
    first_broken: int
    last_hash: bytes


def chained_hash(previous: bytes, record: Record) -> bytes:
    """SHA-256 over the hash of the entry before and the record as JSON with sorted keys and times in UTC."""
    fields = asdict(record) | {"time": record.time.isoformat(timespec="microseconds")}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return sha256(previous + text.encode()).digest()
