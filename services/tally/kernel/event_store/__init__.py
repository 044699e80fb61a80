"""Events as the record of what happened to an aggregate, with optimistic concurrency."""

from tally.kernel.event_store.recording import Projection, record
from tally.kernel.event_store.store import EventStore, History, StoredEvent
from tally.kernel.event_store.tables import events_table, snapshots_table
from tally.kernel.event_store.upcasting import UNCHANGED, Upcasters

__all__ = [
    "UNCHANGED",
    "EventStore",
    "History",
    "Projection",
    "StoredEvent",
    "Upcasters",
    "events_table",
    "record",
    "snapshots_table",
]
