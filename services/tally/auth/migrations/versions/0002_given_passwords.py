"""Whose password somebody else chose."""

from alembic import op
from sqlalchemy import Boolean, Column, false

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "users",
        Column("password_change_required", Boolean, nullable=False, server_default=false()),
    )
    op.alter_column("users", "password_change_required", server_default=None)
