"""The areas of sites, which cameras watch, and where cameras hang."""

from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Integer, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"

TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "areas",
        Column("id", Uuid, primary_key=True),
        Column("site_id", Uuid, ForeignKey("sites.id", name="areas_site_id_fkey"), nullable=False),
        Column("name", Text(collation="C"), nullable=False),
        Column("version", Integer, nullable=False),
        Column("create_time", TIME, nullable=False),
        Column("update_time", TIME, nullable=False),
        UniqueConstraint("site_id", "name", name="areas_name_key"),
        UniqueConstraint("id", "site_id", name="areas_id_site_key"),
        comment="The parts of sites.",
    )
    op.add_column("cameras", Column("area_id", Uuid, index=True))
    op.create_foreign_key(
        "cameras_area_fkey", "cameras", "areas", ["area_id", "site_id"], ["id", "site_id"]
    )
    nowhere = '{"description": "", "point": null}'
    op.add_column("cameras", Column("location", JSONB, nullable=False, server_default=nowhere))
    op.alter_column("cameras", "location", server_default=None)
