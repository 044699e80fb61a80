"""How much of each sum of crossings is doubted, in millionths of a crossing."""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0007"
down_revision = "0006"

FILL = """
    UPDATE line_counts SET in_doubt = summed.in_doubt, out_doubt = summed.out_doubt
    FROM (
        SELECT camera_id, line,
            date_bin(interval '15 minutes', time, TIMESTAMPTZ '2000-01-01 00:00Z') AS quarter,
            coalesce(sum(doubt) FILTER (WHERE direction = 'in'), 0) AS in_doubt,
            coalesce(sum(doubt) FILTER (WHERE direction = 'out'), 0) AS out_doubt
        FROM crossings,
            LATERAL (VALUES (round((1 - nullif(confidence, 0)) * 1000000))) AS of_it (doubt)
        GROUP BY 1, 2, 3
    ) AS summed
    WHERE (line_counts.camera_id, line_counts.line, line_counts.quarter)
        = (summed.camera_id, summed.line, summed.quarter)
"""
"""From the stored crossings; those from before confidence was told are not doubted."""


def upgrade() -> None:
    for name in ("in_doubt", "out_doubt"):
        op.add_column("line_counts", Column(name, BigInteger, nullable=False, server_default="0"))
    op.execute(FILL)
