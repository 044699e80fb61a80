"""Which shape each event has; snapshots of long streams."""

from alembic import op
from sqlalchemy import Column, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("events", Column("schema_version", Integer, nullable=False, server_default="1"))
    op.alter_column("events", "schema_version", server_default=None)
    op.create_table(
        "snapshots",
        Column("stream_id", Text, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("schema", Text, nullable=False),
        Column("state", JSONB, nullable=False),
        comment="What the first events of long streams made: read faster, and never needed.",
    )
