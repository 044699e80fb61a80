"""Where events are kept, and what is remembered of the states that they made."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

ONE_OF_EACH_VERSION = "events_stream_version_key"


def events_table(metadata: MetaData) -> Table:
    """Add the table of events to a context's tables."""
    return Table(
        "events",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("stream_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("type", Text, nullable=False),
        Column("schema_version", Integer, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("actor", Text, nullable=False),
        # Of two writers who expect the same version, this lets one through.
        UniqueConstraint("stream_id", "version", name=ONE_OF_EACH_VERSION),
        comment="What happened, never changed: the record that the read models follow.",
    )


def snapshots_table(metadata: MetaData) -> Table:
    """Add the table of snapshots to a context's tables."""
    return Table(
        "snapshots",
        metadata,
        Column("stream_id", Text, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("schema", Text, nullable=False),
        Column("state", JSONB, nullable=False),
        comment="What the first events of long streams made: read faster, and never needed.",
    )
