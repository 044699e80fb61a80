"""The stream that events were sent to, so that its loss shows."""

from alembic import op
from sqlalchemy import Column, DateTime, Text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "sent_to",
        Column("stream", Text, primary_key=True),
        Column("create_time", DateTime(timezone=True), nullable=False),
        comment="The streams that events were sent to, each known by the time of its creation.",
    )
