"""Notifications, the requests that sent them, and records of those calls on their way to the audit log."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notifications",
        Column("id", Uuid, primary_key=True),
        Column("title", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("site_id", Text, nullable=False),
        Column("camera_id", Text, nullable=False),
        Column("sender", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
        comment="What people were told.",
    )
    op.create_index("notifications_site", "notifications", ["site_id", "id"])
    op.create_table(
        "create_requests",
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
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
