"""What a frame costs a worker, and how many frames cameras bring."""

from alembic import op
from sqlalchemy import Column, Float, LargeBinary, Text, Uuid, column, select, table
from sqlalchemy.dialects.postgresql import JSONB

from tally.api.counting.v1.geometry_pb2 import CountingConfig

revision = "0011"
down_revision = "0010"

_CAMERAS = table(
    "cameras",
    column("camera_id", Uuid(as_uuid=False)),
    column("counting", LargeBinary),
    column("detector", Text),
    column("max_frames_per_second", Float),
)


def upgrade() -> None:
    op.add_column("workers", Column("frame_costs", JSONB, nullable=False, server_default="{}"))
    op.alter_column("workers", "frame_costs", server_default=None)
    op.add_column(
        "assignments",
        Column("nominal_frames_per_second", Float, nullable=False, server_default="0"),
    )
    op.add_column("cameras", Column("detector", Text, nullable=False, server_default=""))
    op.add_column(
        "cameras", Column("max_frames_per_second", Float, nullable=False, server_default="0")
    )
    op.alter_column("cameras", "detector", server_default=None)
    op.alter_column("cameras", "max_frames_per_second", server_default=None)
    connection = op.get_bind()
    for camera_id, counting in connection.execute(
        select(_CAMERAS.c.camera_id, _CAMERAS.c.counting)
    ):
        config = CountingConfig.FromString(counting)
        connection.execute(
            _CAMERAS.update()
            .where(_CAMERAS.c.camera_id == camera_id)
            .values(detector=config.detector, max_frames_per_second=config.max_frames_per_second)
        )
