"""Where in the picture objects were."""

from alembic import op
from sqlalchemy import Column, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for name in ("heat_cells", "heat_ms"):
        op.add_column(
            "observations", Column(name, ARRAY(Integer), nullable=False, server_default="{}")
        )
        op.alter_column("observations", name, server_default=None)
    op.create_index(
        "observations_with_heat",
        "observations",
        ["camera_id", "end_time"],
        postgresql_where=text("heat_cells <> '{}'"),
    )
