"""The sites where cameras are."""

from alembic import op
from sqlalchemy import BigInteger, Column, Uuid

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "camera_sites",
        Column("camera_id", Uuid, primary_key=True),
        Column("site_id", Uuid, index=True),
        Column("version", BigInteger, nullable=False),
        comment="Where the camera context says that cameras are; deleted ones stay where they were.",
    )
