"""Tokens that are sent to people, the events that carry them, and requests that can be repeated."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

_TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outbox",
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", Text, nullable=False),
        Column("nats_subject", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("aggregate_id", Text, nullable=False),
        Column("occurred_at", _TIME, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("trace", JSONB, nullable=False),
        Column("version", BigInteger, nullable=False),
        comment="Events that are stored and not yet sent.",
    )
    op.create_table(
        "one_time_tokens",
        Column("digest", LargeBinary, primary_key=True),
        Column("purpose", Text, nullable=False),
        Column("email", Text(collation="C"), nullable=False),
        Column("role_bindings", JSONB, nullable=False),
        Column("expire_time", _TIME, nullable=False),
        UniqueConstraint("purpose", "email"),
        comment="Tokens that were sent to somebody and count once, as SHA-256.",
    )
    op.create_table(
        "create_requests",
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", _TIME, nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
    )
