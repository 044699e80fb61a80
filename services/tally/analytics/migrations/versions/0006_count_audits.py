"""Audits of counts: samples, and what people counted in them."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "count_audits",
        Column("id", Uuid, primary_key=True),
        Column("camera_id", Uuid, nullable=False),
        Column("start_time", TIME, nullable=False),
        Column("end_time", TIME, nullable=False),
        Column("seed", BigInteger, nullable=False),
        Column("lines", ARRAY(Text(collation="C")), nullable=False),
        Column("creator", Text, nullable=False),
        Column("create_time", TIME, nullable=False),
    )
    op.create_index("count_audits_by_camera", "count_audits", ["camera_id", "id"])
    op.create_table(
        "count_audit_samples",
        Column("audit_id", Uuid, ForeignKey("count_audits.id"), primary_key=True),
        Column("number", BigInteger, primary_key=True),
        Column("start_time", TIME, nullable=False),
        Column("end_time", TIME, nullable=False),
    )
    op.create_table(
        "manual_counts",
        Column("audit_id", Uuid, primary_key=True),
        Column("sample", BigInteger, primary_key=True),
        Column("revision", BigInteger, primary_key=True),
        Column("ins", ARRAY(BigInteger), nullable=False),
        Column("outs", ARRAY(BigInteger), nullable=False),
        Column("principal", Text, nullable=False),
        Column("time", TIME, nullable=False),
        ForeignKeyConstraint(
            ["audit_id", "sample"], ["count_audit_samples.audit_id", "count_audit_samples.number"]
        ),
    )
