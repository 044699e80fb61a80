"""One-off jobs, and the requests that created them."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Float, Integer, LargeBinary, String, Text, Uuid

revision = "0006"
down_revision = "0005"

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tasks",
        Column("id", Uuid, primary_key=True),
        Column("kind", String(16), nullable=False),
        Column("work", LargeBinary, nullable=False),
        Column("counting", LargeBinary, nullable=False),
        Column("site_id", Text, nullable=False),
        Column("priority", Integer, nullable=False),
        Column("max_attempts", Integer, nullable=False),
        Column("creator", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("state", String(16), nullable=False),
        Column("progress", Float, nullable=False),
        Column("progress_text", Text, nullable=False),
        Column("run", BigInteger, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("worker", Text, nullable=False),
        Column("result", LargeBinary, nullable=False),
        Column("error", Text, nullable=False),
        Column("start_time", TIME),
        Column("end_time", TIME),
        comment="One-off jobs and what came of them; the queue that hands them out holds their ids alone.",
    )
    op.create_index("ix_tasks_state_id", "tasks", ["state", "id"])
    op.create_table(
        "create_requests",
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
    )
