"""Until when the picture of each crossing is kept."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("crossings", Column("picture_expire_time", DateTime(timezone=True)))
