"""The models that workers can use."""

from alembic import op
from sqlalchemy import Column, DateTime, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "ai_models",
        Column("worker_id", Uuid, primary_key=True),
        Column("report_time", DateTime(timezone=True), nullable=False),
        Column("installations", JSONB, nullable=False),
        comment="The models that workers said to have, and when they said so.",
    )
