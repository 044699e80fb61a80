"""Cameras as events, the read model over them, and what is kept beside them."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "events",
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("stream_id", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("occurred_at", TIME, nullable=False),
        UniqueConstraint("stream_id", "version", name="events_stream_version_key"),
        comment="What happened, never changed: the record that the read models follow.",
    )
    op.create_table(
        "outbox",
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Text, nullable=False),
        Column("nats_subject", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("aggregate_id", Text, nullable=False),
        Column("occurred_at", TIME, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("trace", JSONB, nullable=False),
        Column("version", BigInteger, nullable=False),
        comment="Events that are stored and not yet sent.",
    )
    op.create_table(
        "cameras",
        Column("id", Uuid, primary_key=True),
        Column("name", Text(collation="C"), nullable=False),
        Column("stream", JSONB, nullable=False),
        Column("counting", JSONB, nullable=False),
        Column("labels", JSONB, nullable=False),
        Column("state", String(16), nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("update_time", TIME, nullable=False),
        UniqueConstraint("name", name="cameras_name_key"),
        comment="The read model: every camera that is not deleted, as its events made it.",
    )
    op.create_table(
        "stream_statuses",
        Column("camera_id", Uuid, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("update_time", TIME, nullable=False),
        Column("status", JSONB, nullable=False),
        comment="What workers last said of the streams of active cameras.",
    )
    op.create_table(
        "create_requests",
        Column("request_id", Uuid, primary_key=True),
        Column("camera_id", Uuid, nullable=False),
        Column("spec", JSONB, nullable=False),
        comment="The requests that created cameras, with what they asked for.",
    )
