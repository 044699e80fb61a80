"""What speaks for each crossing, where its track came from, and how fast it was."""

from alembic import op
from sqlalchemy import Column, Interval, Text
from sqlalchemy.dialects.postgresql import ARRAY, REAL

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in (
        Column("confidence", REAL, nullable=False, server_default="0"),
        Column("evidence", ARRAY(Text), nullable=False, server_default="{}"),
        Column("gap", Interval, nullable=False, server_default="0"),
        Column("previous_line", Text(collation="C"), nullable=False, server_default=""),
        Column("speed_mps", REAL),
    ):
        op.add_column("crossings", column)
