"""The sites where cameras are."""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in (
        Column("site_id", Text, nullable=False, server_default=""),
        Column("site_version", BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("cameras", column)
        op.alter_column("cameras", column.name, server_default=None)
