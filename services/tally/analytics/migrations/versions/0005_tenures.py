"""Which records are of recordings, and when the holders of live cameras began."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Uuid

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "observations", Column("recording", Boolean, nullable=False, server_default="false")
    )
    op.create_index("observations_by_time", "observations", ["camera_id", "end_time"])
    op.create_index("visits_by_time", "visits", ["camera_id", "time"])
    op.create_table(
        "tenures",
        Column("camera_id", Uuid, primary_key=True),
        Column("epoch", BigInteger, primary_key=True),
        Column("start_time", DateTime(timezone=True), nullable=False),
        comment="When the holders of live cameras first saw something.",
    )
    op.execute(
        "INSERT INTO tenures SELECT camera_id, epoch, min(start_time) FROM observations GROUP BY camera_id, epoch"
    )
