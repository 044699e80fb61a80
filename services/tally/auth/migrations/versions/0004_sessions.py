"""Where sessions were opened, and when they were last used."""

from alembic import op
from sqlalchemy import Column, DateTime, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("user_sessions", Column("user_agent", Text, server_default="", nullable=False))
    op.add_column("user_sessions", Column("address", Text, server_default="", nullable=False))
    op.add_column("user_sessions", Column("last_use_time", DateTime(timezone=True)))
    op.execute("UPDATE user_sessions SET last_use_time = create_time")
    op.alter_column("user_sessions", "last_use_time", nullable=False)
    for name in ("user_agent", "address"):
        op.alter_column("user_sessions", name, server_default=None)
