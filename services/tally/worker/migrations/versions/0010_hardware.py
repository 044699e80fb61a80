"""What workers run on."""

from alembic import op
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "workers",
        Column("hardware", JSONB, nullable=False, server_default='{"cores": 0, "gpus": []}'),
    )
    op.alter_column("workers", "hardware", server_default=None)
