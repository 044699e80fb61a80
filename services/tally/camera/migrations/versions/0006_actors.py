"""Who had each event happen."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("events", Column("actor", Text, nullable=False, server_default=""))
    op.alter_column("events", "actor", server_default=None)
