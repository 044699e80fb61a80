"""Workers, cameras, and who holds which."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "workers",
        Column("id", Uuid, primary_key=True),
        Column("name", Text, nullable=False, index=True),
        Column("capacity", Integer, nullable=False),
        Column("register_time", TIME, nullable=False),
        Column("lease_expire_time", TIME, nullable=False, index=True),
        Column("cameras", JSONB, nullable=False),
        comment="Processes that run cameras, with what they last said.",
    )
    op.create_table(
        "cameras",
        Column("camera_id", Uuid, primary_key=True),
        Column("name", Text, nullable=False),
        Column("name_version", BigInteger, nullable=False),
        Column("stream", LargeBinary, nullable=False),
        Column("stream_version", BigInteger, nullable=False),
        Column("counting", LargeBinary, nullable=False),
        Column("counting_version", BigInteger, nullable=False),
        Column("state", Text, nullable=False),
        Column("state_version", BigInteger, nullable=False),
        Column("activate_time", TIME),
        comment=(
            "The camera context's cameras as far as their events have come; deleted ones stay, "
            "lest a late event revive them."
        ),
    )
    op.create_table(
        "assignments",
        Column("camera_id", Uuid, primary_key=True),
        Column("worker_id", Uuid, index=True),
        Column("epoch", BigInteger, nullable=False),
        Column("stream_state", Text),
        comment="Who holds a camera, and the state of its stream that was last told. Epochs never go back.",
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
