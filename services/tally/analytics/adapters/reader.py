"""Answers from the record of what was counted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text

from tally.analytics.adapters.rollups import crossing_sums
from tally.analytics.domain.calendar import cuts
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

AT_SITES = """
    (CAST(:sites AS uuid[]) IS NULL
        OR camera_id IN (SELECT camera_id FROM camera_sites WHERE site_id = ANY(CAST(:sites AS uuid[]))))
"""
"""The camera is at one of `:sites` now."""

_OF_CAMERAS = f"""
    (cardinality(CAST(:camera_ids AS uuid[])) = 0 OR camera_id = ANY(CAST(:camera_ids AS uuid[])))
    AND {AT_SITES}
"""

_TIME_ZONES = text(f"""
    SELECT time_zone FROM camera_sites JOIN sites USING (site_id) WHERE {_OF_CAMERAS} UNION SELECT 'UTC'
""")

_OBSERVED = """
    LEFT JOIN LATERAL (
        SELECT sum(upper(part) - lower(part)) AS observed
        FROM coverage, unnest(observed) AS part
        WHERE coverage.camera_id = counts.camera_id AND coverage.quarter = counts.quarter
    ) AS watched ON true
"""

_SELECTED = f"""
    LEFT JOIN (SELECT camera_id, time_zone FROM camera_sites JOIN sites USING (site_id)) AS clocks
        USING (camera_id)
    WHERE quarter >= :start AND quarter < :end AND coalesce(time_zone, 'UTC') = :time_zone
        AND {_OF_CAMERAS}
"""

_SPAN = "width_bucket(quarter, CAST(:cuts AS timestamptz[]))"
"""Which of the spans between the cuts a quarter is in, from 1."""

_OF_CLASSES = f"""(
    SELECT quarters.camera_id, quarters.line, quarter, {crossing_sums()}
    FROM line_counts AS quarters LEFT JOIN crossings ON crossings.camera_id = quarters.camera_id
        AND crossings.line = quarters.line AND time >= quarter AND time < quarter + interval '15 minutes'
        AND object_class = ANY(:object_classes)
    GROUP BY quarters.camera_id, quarters.line, quarter
)"""
"""From the quarters that are kept, so that watched ones without such objects are zero."""


def _line_counts(source: str) -> TextClause:
    return text(f"""
        SELECT {_SPAN} AS span, CAST(camera_id AS text), line,
            CAST(sum(in_count) AS bigint), CAST(sum(out_count) AS bigint),
            CAST(sum(in_doubt) AS double precision) / 1000000,
            CAST(sum(out_doubt) AS double precision) / 1000000,
            coalesce(sum(observed), interval '0')
        FROM {source} AS counts {_OBSERVED} {_SELECTED}
        GROUP BY camera_id, line, span ORDER BY camera_id, line, span LIMIT :limit
    """)


_LINE_COUNTS = _line_counts("line_counts")
_LINE_COUNTS_OF_CLASSES = _line_counts(_OF_CLASSES)
_ZONE_COUNTS = text(f"""
    SELECT {_SPAN} AS span, CAST(camera_id AS text), zone,
        CAST(sum(entries) AS bigint), CAST(sum(exits) AS bigint), max(peak_occupancy),
        sum(dwell) / nullif(sum(exits), 0), coalesce(sum(observed), interval '0')
    FROM zone_counts AS counts {_OBSERVED} {_SELECTED}
    GROUP BY camera_id, zone, span ORDER BY camera_id, zone, span LIMIT :limit
""")

_STORED_CROSSINGS = """
    SELECT CAST(camera_id AS text), CAST(run_id AS text), config_version, detector,
        CAST(id AS text), line, direction, time, track, ordinal, object_class, score,
        confidence, evidence, gap, previous_line, speed_mps, picture_expire_time
    FROM crossings JOIN observations USING (camera_id, run_id, sequence)
"""
_CROSSINGS = f"{_STORED_CROSSINGS} WHERE camera_id = :camera_id AND {AT_SITES}"
_CROSSING = text(f"{_STORED_CROSSINGS} WHERE id = CAST(:crossing_id AS uuid) AND {AT_SITES}")
_FLOWS = text(f"""
    SELECT previous_line, line, count(*) FROM crossings
    WHERE camera_id = :camera_id AND time >= :start AND time < :end AND {AT_SITES}
    GROUP BY previous_line, line ORDER BY previous_line, line
""")
_HEAT = text(f"""
    SELECT cell, CAST(sum(ms) AS bigint)
    FROM observations, unnest(heat_cells, heat_ms) AS heat (cell, ms)
    WHERE camera_id = :camera_id AND end_time >= :start AND end_time < :end
        AND heat_cells <> '{{}}' AND {AT_SITES}
    GROUP BY cell
""")
_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
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
        statement = _LINE_COUNTS_OF_CLASSES if object_classes else _LINE_COUNTS
        classes = {"object_classes": list(object_classes)} if object_classes else {}
        rows = self._sums(statement, camera_ids, span, granularity, limit, sites, **classes)
        return sorted([LineCount(*row) async for row in rows], key=_place)

    async def zone_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
    ) -> Sequence[ZoneCount]:
        """Sums of visits by camera, zone and time."""
        rows = self._sums(_ZONE_COUNTS, camera_ids, span, granularity, limit, sites)
        return sorted([ZoneCount(*row) async for row in rows], key=_place)

    async def flows(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Flow]:
        """Sums of a camera's crossings by the line that was crossed before and the line itself."""
        values = {"camera_id": camera_id, "start": span.start, "end": span.end}
        async with self._database.begin() as connection:
            rows = await connection.execute(_FLOWS, {**values, "sites": listed(sites)})
            return [Flow(*row) for row in rows]

    async def heat(self, camera_id: str, span: TimeSpan, sites: Sites) -> Mapping[int, int]:
        """Milliseconds that objects were in each cell."""
        values = {"camera_id": camera_id, "start": span.start, "end": span.end}
        async with self._database.begin() as connection:
            rows = await connection.execute(_HEAT, {**values, "sites": listed(sites)})
            return {row.cell: row[1] for row in rows}

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
                {"camera_id": camera_id, "limit": limit, "sites": listed(sites), **chosen},
            )
            return [_stored_crossing(*row) for row in rows]

    async def crossing(self, crossing_id: str, sites: Sites) -> StoredCrossing | None:
        """The crossing; None if there is none."""
        async with self._database.begin() as connection:
            rows = await connection.execute(
                _CROSSING, {"crossing_id": crossing_id, "sites": listed(sites)}
            )
            row = rows.one_or_none()
            return None if row is None else _stored_crossing(*row)

    async def _sums(
        self,
        statement: TextClause,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
        **values: Any,
    ) -> AsyncIterator[Sequence[Any]]:
        """The rows of each time zone: camera, line or zone, start, end, sums, and the time zone."""
        cameras = {"camera_ids": list(camera_ids), "sites": listed(sites)}
        async with self._database.begin() as connection:
            # All time zones are asked at one moment: a camera that moves meanwhile is summed in one of them.
            await connection.execute(_ONE_MOMENT)
            for zone in (await connection.execute(_TIME_ZONES, cameras)).scalars().all():
                edges = cuts(span, granularity, ZoneInfo(zone))
                ends = {"cuts": edges, "start": edges[0], "end": edges[-1], "time_zone": zone}
                asked = {**cameras, **ends, "limit": limit, **values}
                for number, camera, name, *sums in await connection.execute(statement, asked):
                    yield camera, name, edges[number - 1], edges[number], *sums, zone


def _place(count: LineCount | ZoneCount) -> tuple[str, str, datetime]:
    name = count.line if isinstance(count, LineCount) else count.zone
    return count.camera_id, name, count.start


def listed(sites: Sites) -> list[str] | None:
    """The sites as `AT_SITES` takes them."""
    return None if sites is None else sorted(sites)


def _stored_crossing(
    camera_id: str, run_id: str, config_version: int, detector: str, *crossing: Any
) -> StoredCrossing:
    crossing_id, line, direction, time, track, ordinal, kind, score, *rest = crossing
    confidence, evidence, *passage = rest
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
            *passage,
        ),
        config_version,
        detector,
    )
