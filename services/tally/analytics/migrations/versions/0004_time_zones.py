"""Sums over quarters of an hour, of which every time zone's days consist, instead of hours; and the sites' clocks."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Interval, Text, Uuid
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

revision = "0004"
down_revision = "0003"

NAME = Text(collation="C")
TIME = DateTime(timezone=True)

FILL = (
    """
    CREATE TEMPORARY VIEW watched AS
    SELECT o.*, quarter,
        tstzrange(greatest(begin_time, quarter), least(o.end_time, quarter + interval '15 minutes')) AS part
    FROM observations o LEFT JOIN observations p ON p.camera_id = o.camera_id
        AND p.run_id = o.run_id AND p.sequence = o.sequence - 1,
    LATERAL (SELECT CASE WHEN o.start_time - p.end_time <= interval '10 seconds'
        THEN least(p.end_time, o.start_time) ELSE o.start_time END AS begin_time) AS begun,
    LATERAL generate_series(
        date_bin('15 minutes', begin_time, TIMESTAMPTZ '2000-01-01 00:00Z'), o.end_time, interval '15 minutes'
    ) AS quarter
    WHERE quarter < o.end_time OR quarter = begin_time
    """,
    """
    INSERT INTO coverage SELECT camera_id, quarter, range_agg(part) FROM watched GROUP BY camera_id, quarter
    """,
    """
    INSERT INTO line_counts SELECT camera_id, line, quarter, sum(ins), sum(outs) FROM (
        SELECT DISTINCT camera_id, line, quarter, 0 AS ins, 0 AS outs FROM watched, unnest(lines) AS line
        UNION ALL
        SELECT camera_id, line, date_bin('15 minutes', time, TIMESTAMPTZ '2000-01-01 00:00Z'),
            (direction = 'in')::int, (direction = 'out')::int FROM crossings
    ) AS counted GROUP BY camera_id, line, quarter
    """,
    """
    INSERT INTO zone_counts
    SELECT camera_id, zone, quarter, sum(entries), sum(exits), sum(dwell), max(peak) FROM (
        SELECT camera_id, zone, quarter, 0 AS entries, 0 AS exits, interval '0' AS dwell, peak
        FROM watched, unnest(zones, peaks) AS occupancy (zone, peak)
        UNION ALL
        SELECT camera_id, zone, date_bin('15 minutes', time, TIMESTAMPTZ '2000-01-01 00:00Z'),
            (kind = 'entry')::int, (kind = 'exit')::int, coalesce(dwell, '0'), 0 FROM visits
    ) AS counted GROUP BY camera_id, zone, quarter
    """,
    "DROP VIEW watched",
)
"""From the stored records; between two of a run, a pause of ten seconds and less counts as watched."""


def upgrade() -> None:
    op.create_table(
        "line_counts",
        Column("camera_id", Uuid, primary_key=True),
        Column("line", NAME, primary_key=True),
        Column("quarter", TIME, primary_key=True),
        Column("in_count", BigInteger, nullable=False),
        Column("out_count", BigInteger, nullable=False),
    )
    op.create_table(
        "zone_counts",
        Column("camera_id", Uuid, primary_key=True),
        Column("zone", NAME, primary_key=True),
        Column("quarter", TIME, primary_key=True),
        Column("entries", BigInteger, nullable=False),
        Column("exits", BigInteger, nullable=False),
        Column("dwell", Interval, nullable=False),
        Column("peak_occupancy", BigInteger, nullable=False),
    )
    op.create_table(
        "coverage",
        Column("camera_id", Uuid, primary_key=True),
        Column("quarter", TIME, primary_key=True),
        Column("observed", TSTZMULTIRANGE, nullable=False),
    )
    op.create_table(
        "sites",
        Column("site_id", Uuid, primary_key=True),
        Column("time_zone", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        comment="By which clocks sites live; deleted ones keep theirs.",
    )
    for table in ("line_counts", "zone_counts", "coverage"):
        op.drop_table(f"hourly_{table}")
        # Room on each page for a row's next version, so that counting up leaves the index alone.
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 70)")
    for statement in FILL:
        op.execute(statement)
