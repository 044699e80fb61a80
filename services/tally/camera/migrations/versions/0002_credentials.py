"""What cameras ask for, encrypted."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "cameras", Column("sealed_credentials", LargeBinary, nullable=False, server_default="")
    )
    op.alter_column("cameras", "sealed_credentials", server_default=None)
