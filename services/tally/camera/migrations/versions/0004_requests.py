"""Requests that created cameras, kept as those of every context: by a digest, for some days.

Those that are known cannot be told by a digest, so they are forgotten; cameras' names still differ.
"""

from alembic import op
from sqlalchemy import Column, DateTime, LargeBinary, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_table("create_requests")
    op.create_table(
        "create_requests",
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
    )
