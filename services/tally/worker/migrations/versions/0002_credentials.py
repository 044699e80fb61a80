"""What cameras ask for, encrypted."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for column in (
        Column("sealed_credentials", LargeBinary, nullable=False, server_default=""),
        Column("credentials_version", BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("cameras", column)
        op.alter_column("cameras", column.name, server_default=None)
