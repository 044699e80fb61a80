"""Lists in the order of time, and by label."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("cameras_create_time", "cameras", ["create_time", "id"])
    op.create_index("cameras_update_time", "cameras", ["update_time", "id"])
    op.create_index(
        "cameras_labels",
        "cameras",
        ["labels"],
        postgresql_using="gin",
        postgresql_ops={"labels": "jsonb_path_ops"},
    )
