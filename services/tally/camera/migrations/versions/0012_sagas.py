"""Sagas: what takes several transactions, and how far each is."""

from alembic import op
from sqlalchemy import Boolean, Column, DateTime, Integer, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sagas",
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject_id", Uuid, nullable=False, index=True),
        Column("site_id", Text, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("deadline", TIME, nullable=False),
        Column("state", String(16), nullable=False),
        Column("undoing", Boolean, nullable=False),
        Column("position", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_time", TIME, nullable=False),
        Column("message", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("update_time", TIME, nullable=False),
        comment="What takes several transactions, and how far each is.",
    )
    op.create_index("sagas_state", "sagas", ["state", "next_time"])
