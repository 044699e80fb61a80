"""When it was last told how a stream does."""

from alembic import op
from sqlalchemy import Column, DateTime, func

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "assignments",
        Column("heard_time", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
