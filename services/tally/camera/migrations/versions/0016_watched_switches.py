"""Switches may be watched, so that cameras which fail with the new detector are put back."""

from alembic import op
from sqlalchemy import Column, DateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("model_switches", Column("watch_end_time", DateTime(timezone=True)))
