"""The sites where cameras are."""

from alembic import op
from sqlalchemy import Column, Uuid

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("cameras", Column("site_id", Uuid, index=True))
