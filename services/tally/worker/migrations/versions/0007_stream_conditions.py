"""What is wrong with the pictures of streams."""

from alembic import op
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "assignments", Column("stream_conditions", JSONB, nullable=False, server_default="[]")
    )
    op.alter_column("assignments", "stream_conditions", server_default=None)
