"""Requests that created audits, so that repeating them creates nothing."""

from alembic import op
from sqlalchemy import Column, DateTime, LargeBinary, Text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "create_requests",
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
    )
