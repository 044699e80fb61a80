"""Old notifications are found by their age."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("notifications_age", "notifications", ["create_time"])
