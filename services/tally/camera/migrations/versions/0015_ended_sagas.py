"""Sagas that ended are found by their age."""

from alembic import op
from sqlalchemy import text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "sagas_ended",
        "sagas",
        ["update_time"],
        postgresql_where=text("state IN ('done', 'undone', 'abandoned')"),
    )
