"""Answers from the record of visits to zones."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from tally.analytics.adapters.reader import AT_SITES, listed
from tally.analytics.domain.model import DWELL_BUCKETS, Dwells, StoredVisit, Visit, VisitKind
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.database import Database
from tally.kernel.identity import Sites

_VISITS = f"""
    SELECT CAST(camera_id AS text), CAST(run_id AS text), config_version, detector,
        CAST(id AS text), zone, kind, time, track, ordinal, object_class, dwell
    FROM visits JOIN observations USING (camera_id, run_id, sequence)
    WHERE camera_id = :camera_id AND {AT_SITES}
"""
_CONDITIONS = {
    "start": " AND time >= :start",
    "end": " AND time < :end",
    "zone": " AND zone = :zone",
    "kind": " AND kind = :kind",
    "after_time": " AND (time, id) > (:after_time, CAST(:after_id AS uuid))",
}
_DWELLS = text(f"""
    WITH stays AS (
        SELECT zone, dwell, width_bucket(-dwell, CAST(:ends AS interval[])) AS bucket FROM visits
        WHERE camera_id = :camera_id AND kind = 'exit' AND time >= :start AND time < :end AND {AT_SITES}
    )
    SELECT zone, count(*), avg(dwell),
        percentile_disc(0.5) WITHIN GROUP (ORDER BY dwell),
        percentile_disc(0.9) WITHIN GROUP (ORDER BY dwell), array_agg(bucket)
    FROM stays GROUP BY zone ORDER BY zone
""")
_ENDS = tuple(-end for end in reversed(DWELL_BUCKETS))
"""A bucket of PostgreSQL's begins with its lower end; turned round, it ends with its upper one, as ours do."""


class PostgresVisitsReader:
    """The record of visits, in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visits(
        self,
        camera_id: str,
        start: datetime | None,
        end: datetime | None,
        zone: str,
        kind: VisitKind | None,
        after: tuple[datetime, str] | None,
        limit: int,
        sites: Sites,
    ) -> Sequence[StoredVisit]:
        """Single visits in order of time and id."""
        after_time, after_id = after or (None, None)
        values = {
            "start": start,
            "end": end,
            "zone": zone or None,
            "kind": kind,
            "after_time": after_time,
        }
        chosen: dict[str, Any] = {
            name: value for name, value in values.items() if value is not None
        }
        statement = _VISITS + "".join(_CONDITIONS[name] for name in chosen)
        if after_id is not None:
            chosen["after_id"] = after_id
        async with self._database.begin() as connection:
            rows = await connection.execute(
                text(f"{statement} ORDER BY time, id LIMIT :limit"),
                {"camera_id": camera_id, "limit": limit, "sites": listed(sites), **chosen},
            )
            return [_stored_visit(*row) for row in rows]

    async def dwells(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Dwells]:
        """How long those stayed who left a camera's zones."""
        asked = {"camera_id": camera_id, "start": span.start, "end": span.end}
        ends = {"ends": list(_ENDS), "sites": listed(sites)}
        async with self._database.begin() as connection:
            rows = await connection.execute(_DWELLS, asked | ends)
            return [_dwells(*row) for row in rows]


def _dwells(
    zone: str,
    visits: int,
    mean: timedelta,
    median: timedelta,
    percentile_90: timedelta,
    found: Sequence[int],
) -> Dwells:
    buckets = tuple(map(found.count, reversed(range(len(_ENDS) + 1))))
    return Dwells(zone, visits, mean, median, percentile_90, buckets)


def _stored_visit(
    camera_id: str, run_id: str, config_version: int, detector: str, *visit: Any
) -> StoredVisit:
    visit_id, zone, kind, *rest = visit
    return StoredVisit(
        camera_id, run_id, Visit(visit_id, zone, VisitKind(kind), *rest), config_version, detector
    )
