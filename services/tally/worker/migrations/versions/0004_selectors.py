"""Which cameras a worker takes, and whether; the labels that decide it.

The camera context's events are read anew, for the labels of cameras that are known already; hence the consumer's name.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, String
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table, column in (
        ("workers", Column("admission", String(16), nullable=False, server_default="open")),
        (
            "workers",
            Column(
                "selector",
                JSONB,
                nullable=False,
                server_default='{"site_ids": [], "labels": []}',
            ),
        ),
        ("cameras", Column("labels", JSONB, nullable=False, server_default="{}")),
        ("cameras", Column("labels_version", BigInteger, nullable=False, server_default="0")),
    ):
        op.add_column(table, column)
        op.alter_column(table, column.name, server_default=None)
