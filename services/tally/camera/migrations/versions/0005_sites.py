"""Sites of their own; those that cameras are at already are called by their ids, in UTC, until somebody says more."""

from alembic import op
from sqlalchemy import Column, DateTime, Integer, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sites",
        Column("id", Uuid, primary_key=True),
        Column("name", Text(collation="C"), nullable=False),
        Column("address", Text, nullable=False),
        Column("time_zone", Text, nullable=False),
        Column("capacity", Integer, nullable=False),
        Column("opening_hours", JSONB, nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("update_time", TIME, nullable=False),
        UniqueConstraint("name", name="sites_name_key"),
        comment="The sites where cameras are.",
    )
    op.execute(
        "INSERT INTO sites SELECT site_id, 'Site ' || site_id, '', 'UTC', 0, '[]', 1, now(), now() "
        "FROM cameras WHERE site_id IS NOT NULL GROUP BY site_id"
    )
    op.create_foreign_key("cameras_site_id_fkey", "cameras", "sites", ["site_id"], ["id"])
