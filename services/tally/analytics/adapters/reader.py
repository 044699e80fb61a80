"""Answers from the record of what was counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text

from tally.analytics.domain.model import (
    Crossing,
    Direction,
    Evidence,
    Flow,
    Granularity,
    LineCount,
    StoredCrossing,
    ZoneCount,
)
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.database import Database
from tally.kernel.identity import Sites

_AT_SITES = """
    (CAST(:sites AS uuid[]) IS NULL
        OR camera_id IN (SELECT camera_id FROM camera_sites WHERE site_id = ANY(CAST(:sites AS uuid[]))))
"""

_OBSERVED = """
    LEFT JOIN LATERAL (
        SELECT sum(upper(part) - lower(part)) AS observed
        FROM hourly_coverage, unnest(observed) AS part
        WHERE hourly_coverage.camera_id = counts.camera_id AND hourly_coverage.hour = counts.hour
    ) AS coverage ON true
"""

_SELECTED = f"""
    WHERE hour >= :start AND hour < :end
        AND (cardinality(CAST(:camera_ids AS uuid[])) = 0 OR camera_id = ANY(CAST(:camera_ids AS uuid[])))
        AND {_AT_SITES}
"""

_SPANS = {
    Granularity.HOUR: ("hour", "hour + interval '1 hour'"),
    Granularity.TOTAL: ("CAST(:start AS timestamptz)", "CAST(:end AS timestamptz)"),
}


_OF_ALL = "hourly_line_counts"
_OF_CLASSES = """(
    SELECT hours.camera_id, hours.line, hour,
        count(id) FILTER (WHERE direction = 'in') AS in_count,
        count(id) FILTER (WHERE direction = 'out') AS out_count
    FROM hourly_line_counts AS hours LEFT JOIN crossings ON crossings.camera_id = hours.camera_id
        AND crossings.line = hours.line AND time >= hour AND time < hour + interval '1 hour'
        AND object_class = ANY(:object_classes)
    GROUP BY hours.camera_id, hours.line, hour
)"""
"""From the hours that are kept, so that watched hours without such objects are zero."""


def _line_counts(source: str, granularity: Granularity) -> TextClause:
    start, end = _SPANS[granularity]
    return text(f"""
        SELECT CAST(camera_id AS text), line, {start}, {end},
            CAST(sum(in_count) AS bigint), CAST(sum(out_count) AS bigint),
            coalesce(sum(observed), interval '0')
        FROM {source} AS counts {_OBSERVED} {_SELECTED}
        GROUP BY camera_id, line, 3, 4 ORDER BY camera_id, line, 3 LIMIT :limit
    """)


def _zone_counts(granularity: Granularity) -> TextClause:
    start, end = _SPANS[granularity]
    return text(f"""
        SELECT CAST(camera_id AS text), zone, {start}, {end},
            CAST(sum(entries) AS bigint), CAST(sum(exits) AS bigint), max(peak_occupancy),
            sum(dwell) / nullif(sum(exits), 0), coalesce(sum(observed), interval '0')
        FROM hourly_zone_counts AS counts {_OBSERVED} {_SELECTED}
        GROUP BY camera_id, zone, 3, 4 ORDER BY camera_id, zone, 3 LIMIT :limit
    """)


_LINE_COUNTS = {each: _line_counts(_OF_ALL, each) for each in Granularity}
_LINE_COUNTS_OF_CLASSES = {each: _line_counts(_OF_CLASSES, each) for each in Granularity}
_ZONE_COUNTS = {granularity: _zone_counts(granularity) for granularity in Granularity}

_CROSSINGS = f"""
    SELECT CAST(camera_id AS text), CAST(run_id AS text), config_version, detector,
        CAST(id AS text), line, direction, time, track, ordinal, object_class, score,
        confidence, evidence, gap, previous_line, speed_mps
    FROM crossings JOIN observations USING (camera_id, run_id, sequence)
    WHERE camera_id = :camera_id AND {_AT_SITES}
"""
_FLOWS = text(f"""
    SELECT previous_line, line, count(*) FROM crossings
    WHERE camera_id = :camera_id AND time >= :start AND time < :end AND {_AT_SITES}
    GROUP BY previous_line, line ORDER BY previous_line, line
""")
_CONDITIONS = {
    "start": " AND time >= :start",
    "end": " AND time < :end",
    "line": " AND line = :line",
    "after_time": " AND (time, id) > (:after_time, CAST(:after_id AS uuid))",
}


class PostgresCountsReader:
    """The record of what was counted, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def line_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
        object_classes: Sequence[str] = (),
    ) -> Sequence[LineCount]:
        """Sums of crossings by camera, line and time."""
        statements = _LINE_COUNTS_OF_CLASSES if object_classes else _LINE_COUNTS
        classes = {"object_classes": list(object_classes)} if object_classes else {}
        rows = await self._sums(statements[granularity], camera_ids, span, limit, sites, **classes)
        return [LineCount(*row) for row in rows]

    async def zone_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
    ) -> Sequence[ZoneCount]:
        """Sums of visits by camera, zone and time."""
        rows = await self._sums(_ZONE_COUNTS[granularity], camera_ids, span, limit, sites)
        return [ZoneCount(*row) for row in rows]

    async def flows(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Flow]:
        """Sums of a camera's crossings by the line that was crossed before and the line itself."""
        values = {"camera_id": camera_id, "start": span.start, "end": span.end}
        async with self._database.begin() as connection:
            rows = await connection.execute(_FLOWS, {**values, "sites": _listed(sites)})
            return [Flow(*row) for row in rows]

    async def crossings(
        self,
        camera_id: str,
        start: datetime | None,
        end: datetime | None,
        line: str,
        after: tuple[datetime, str] | None,
        limit: int,
        sites: Sites,
    ) -> Sequence[StoredCrossing]:
        """Single crossings in order of time and id."""
        after_time, after_id = after or (None, None)
        values = {"start": start, "end": end, "line": line or None, "after_time": after_time}
        chosen = {name: value for name, value in values.items() if value is not None}
        statement = _CROSSINGS + "".join(_CONDITIONS[name] for name in chosen)
        if after_id is not None:
            chosen["after_id"] = after_id
        async with self._database.begin() as connection:
            rows = await connection.execute(
                text(f"{statement} ORDER BY time, id LIMIT :limit"),
                {"camera_id": camera_id, "limit": limit, "sites": _listed(sites), **chosen},
            )
            return [_stored_crossing(*row) for row in rows]

    async def _sums(
        self,
        statement: TextClause,
        camera_ids: Sequence[str],
        span: TimeSpan,
        limit: int,
        sites: Sites,
        **values: Any,
    ) -> Sequence[Sequence[Any]]:
        async with self._database.begin() as connection:
            rows = await connection.execute(
                statement,
                {
                    "camera_ids": list(camera_ids),
                    "start": span.start,
                    "end": span.end,
                    "limit": limit,
                    "sites": _listed(sites),
                    **values,
                },
            )
            return [tuple(row) for row in rows]


def _listed(sites: Sites) -> list[str] | None:
    return None if sites is None else sorted(sites)


def _stored_crossing(
    camera_id: str, run_id: str, config_version: int, detector: str, *crossing: Any
) -> StoredCrossing:
    crossing_id, line, direction, time, track, ordinal, kind, score, *rest = crossing
    confidence, evidence, gap, previous_line, speed_mps = rest
    return StoredCrossing(
        camera_id,
        run_id,
        Crossing(
            crossing_id,
            line,
            Direction(direction),
            time,
            track,
            ordinal,
            kind,
            score,
            confidence,
            tuple(map(Evidence, evidence)),
            gap,
            previous_line,
            speed_mps,
        ),
        config_version,
        detector,
    )
