"""Switches of detectors, with the cameras that each changed."""

from alembic import op
from sqlalchemy import Column, DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "model_switches",
        Column("id", Uuid, primary_key=True),
        Column("from_detector", Text, nullable=False),
        Column("to_detector", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("cameras", JSONB, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("roll_back_time", DateTime(timezone=True)),
        comment="Exchanges of one detector for another, with the cameras that each changed.",
    )
