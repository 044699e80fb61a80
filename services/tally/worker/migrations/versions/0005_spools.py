"""What workers have not sent yet."""

from alembic import op
from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("workers", Column("spool", JSONB, nullable=False, server_default="null"))
    op.alter_column("workers", "spool", server_default=None)
