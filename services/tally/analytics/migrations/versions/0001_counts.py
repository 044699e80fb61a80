"""The record of what was counted, and the hourly sums over it."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Interval, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, REAL, TSTZMULTIRANGE

revision = "0001"
down_revision = None

NAME = Text(collation="C")
TIME = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "observations",
        Column("camera_id", Uuid, primary_key=True),
        Column("run_id", Uuid, primary_key=True),
        Column("sequence", BigInteger, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("config_version", BigInteger, nullable=False),
        Column("detector", Text, nullable=False),
        Column("start_time", TIME, nullable=False),
        Column("end_time", TIME, nullable=False),
        Column("frames_processed", BigInteger, nullable=False),
        Column("frames_dropped", BigInteger, nullable=False),
        Column("lines", ARRAY(NAME), nullable=False),
        Column("zones", ARRAY(NAME), nullable=False),
        Column("peaks", ARRAY(BigInteger), nullable=False),
    )
    op.create_table(
        "crossings",
        Column("id", Uuid, primary_key=True),
        Column("camera_id", Uuid, nullable=False),
        Column("run_id", Uuid, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("line", NAME, nullable=False),
        Column("direction", Text, nullable=False),
        Column("time", TIME, nullable=False),
        Column("track", BigInteger, nullable=False),
        Column("ordinal", BigInteger, nullable=False),
        Column("object_class", Text, nullable=False),
        Column("score", REAL, nullable=False),
    )
    op.create_index("crossings_by_time", "crossings", ["camera_id", "time", "id"])
    op.create_table(
        "visits",
        Column("id", Uuid, primary_key=True),
        Column("camera_id", Uuid, nullable=False),
        Column("run_id", Uuid, nullable=False),
        Column("sequence", BigInteger, nullable=False),
        Column("zone", NAME, nullable=False),
        Column("kind", Text, nullable=False),
        Column("time", TIME, nullable=False),
        Column("track", BigInteger, nullable=False),
        Column("ordinal", BigInteger, nullable=False),
        Column("object_class", Text, nullable=False),
        Column("dwell", Interval),
    )
    op.create_table(
        "hourly_line_counts",
        Column("camera_id", Uuid, primary_key=True),
        Column("line", NAME, primary_key=True),
        Column("hour", TIME, primary_key=True),
        Column("in_count", BigInteger, nullable=False),
        Column("out_count", BigInteger, nullable=False),
    )
    op.create_table(
        "hourly_zone_counts",
        Column("camera_id", Uuid, primary_key=True),
        Column("zone", NAME, primary_key=True),
        Column("hour", TIME, primary_key=True),
        Column("entries", BigInteger, nullable=False),
        Column("exits", BigInteger, nullable=False),
        Column("dwell", Interval, nullable=False),
        Column("peak_occupancy", BigInteger, nullable=False),
    )
    op.create_table(
        "hourly_coverage",
        Column("camera_id", Uuid, primary_key=True),
        Column("hour", TIME, primary_key=True),
        Column("observed", TSTZMULTIRANGE, nullable=False),
    )
    for table in ("hourly_line_counts", "hourly_zone_counts", "hourly_coverage"):
        # Room on each page for a row's next version, so that counting up leaves the index alone.
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
