"""The audits of counts, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.analytics.adapters.reader import AT_SITES, listed
from tally.analytics.adapters.tables import (
    count_audit_samples,
    count_audits,
    create_requests,
    manual_counts,
)
from tally.analytics.domain.accuracy import CheckedSample
from tally.analytics.domain.count_audit import CountAudit, ManualCount, Sample, Window
from tally.analytics.domain.errors import AuditNotFound, SampleNotFound
from tally.analytics.domain.model import Direction
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.database import Database
from tally.kernel.idempotency import CreateRequest, CreateRequests
from tally.kernel.identity import Sites

_LAST_RECORDING = text(f"""
    SELECT min(start_time), max(end_time) FROM observations
    WHERE camera_id = :camera_id AND recording AND {AT_SITES}
    GROUP BY run_id ORDER BY max(end_time) DESC LIMIT 1
""")
_WINDOWS = text(f"""
    WITH watched AS (
        SELECT range_agg(part) AS spans FROM coverage, unnest(observed) AS part
        WHERE camera_id = :camera_id AND {AT_SITES}
            AND quarter > CAST(:start AS timestamptz) - interval '15 minutes' AND quarter < :end
    ), windows AS (
        SELECT begun, begun + CAST(:length AS interval) AS ended FROM watched, generate_series(
            CAST(:start AS timestamptz),
            CAST(:end AS timestamptz) - CAST(:length AS interval),
            CAST(:length AS interval)
        ) AS begun
        WHERE spans @> tstzrange(begun, begun + CAST(:length AS interval))
    )
    SELECT begun, ended, (
        SELECT count(*) FROM crossings
        WHERE camera_id = :camera_id AND time >= begun AND time < ended
    ) FROM windows
""")
_LINES = text("""
    SELECT DISTINCT line FROM observations, unnest(lines) AS line
    WHERE camera_id = :camera_id AND end_time > :start AND start_time < :end ORDER BY line
""")
_AUDITS = f"SELECT * FROM count_audits WHERE {AT_SITES}"
_SAMPLES = count_audit_samples.c
_COUNTED = text("""
    SELECT sample.audit_id, sample.number, line, direction, count(*)
    FROM count_audits AS audit JOIN count_audit_samples AS sample ON sample.audit_id = audit.id
    JOIN crossings ON crossings.camera_id = audit.camera_id
        AND time >= sample.start_time AND time < sample.end_time
    WHERE audit.camera_id = :camera_id
    GROUP BY sample.audit_id, sample.number, line, direction
""")
_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


class PostgresCountAudits:
    """The tables `count_audits`, `count_audit_samples` and `manual_counts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_recording(self, camera_id: str, sites: Sites) -> TimeSpan | None:
        """The span of the recording that the camera counted last; None if it has counted none."""
        async with self._database.begin() as connection:
            found = await connection.execute(
                _LAST_RECORDING, {"camera_id": camera_id, "sites": listed(sites)}
            )
            row = found.one_or_none()
        return None if row is None else TimeSpan(*row)

    async def windows(
        self, camera_id: str, span: TimeSpan, length: timedelta, sites: Sites
    ) -> Sequence[Window]:
        """The spans of this length that the camera watched without a gap."""
        asked = {"camera_id": camera_id, "start": span.start, "end": span.end, "length": length}
        async with self._database.begin() as connection:
            rows = await connection.execute(_WINDOWS, asked | {"sites": listed(sites)})
            return [Window(TimeSpan(begun, ended), crossings) for begun, ended, crossings in rows]

    async def lines(self, camera_id: str, span: TimeSpan) -> Sequence[str]:
        """Names of the lines that the camera counted in the span, sorted."""
        asked = {"camera_id": camera_id, "start": span.start, "end": span.end}
        async with self._database.begin() as connection:
            return (await connection.execute(_LINES, asked)).scalars().all()

    async def made_by(self, request: CreateRequest, sites: Sites) -> CountAudit | None:
        """The audit that the request has made before, if it has."""
        async with self._database.begin() as connection:
            before = await CreateRequests(connection, create_requests).find(request)
            return None if before is None else await _audit(connection, before, sites)

    async def add(self, audit: CountAudit, request: CreateRequest, sites: Sites) -> CountAudit:
        """Store a new audit; returns it, or the one that the same request has made meanwhile."""
        values = {
            "id": audit.id,
            "camera_id": audit.camera_id,
            "start_time": audit.span.start,
            "end_time": audit.span.end,
            "seed": audit.seed,
            "lines": list(audit.lines),
            "creator": audit.creator,
            "create_time": audit.create_time,
        }
        samples = [
            {
                "audit_id": audit.id,
                "number": sample.number,
                "start_time": sample.span.start,
                "end_time": sample.span.end,
            }
            for sample in audit.samples
        ]
        async with self._database.begin() as connection:
            requests = CreateRequests(connection, create_requests)
            before = await requests.claim(request, audit.id, audit.create_time)
            if before is not None:
                return await _audit(connection, before, sites)
            await connection.execute(insert(count_audits), values)
            await connection.execute(insert(count_audit_samples), samples)
        return audit

    async def sweep(self, now: datetime) -> None:
        """Forget requests that are too old to be repeated."""
        async with self._database.begin() as connection:
            await CreateRequests(connection, create_requests).sweep(now)

    async def get(self, audit_id: str, sites: Sites) -> CountAudit:
        """One audit, or AuditNotFound."""
        async with self._database.begin() as connection:
            return await _audit(connection, audit_id, sites)

    async def page(
        self, camera_id: str, before: str | None, limit: int, sites: Sites
    ) -> Sequence[CountAudit]:
        """At most `limit` of a camera's audits, the newest first, from the first that is older than `before`."""
        asked = {"camera_id": camera_id, "limit": limit, "sites": listed(sites)}
        older = " AND id < CAST(:before AS uuid)" if before else ""
        async with self._database.begin() as connection:
            return await _audits(
                connection,
                f"{_AUDITS} AND camera_id = :camera_id {older} ORDER BY id DESC LIMIT :limit",
                asked | ({"before": before} if before else {}),
            )

    async def record(self, audit_id: str, sample: int, count: ManualCount, sites: Sites) -> Sample:
        """Add a revision to a sample, if it is one; returns the sample with it."""
        held = (
            select(_SAMPLES.number)
            .where(_SAMPLES.audit_id == audit_id, _SAMPLES.number == sample)
            .with_for_update()
        )
        async with self._database.begin() as connection:
            found = (await connection.execute(held)).one_or_none()
            audit = await _audit(connection, audit_id, sites)
            if found is None:
                raise SampleNotFound(sample)
            known = audit.samples[sample - 1]
            if not known.add_to(audit.lines, count):
                return known
            await connection.execute(
                insert(manual_counts).values(
                    audit_id=audit_id,
                    sample=sample,
                    revision=len(known.revisions) + 1,
                    ins=[count.tallies[line, Direction.IN] for line in audit.lines],
                    outs=[count.tallies[line, Direction.OUT] for line in audit.lines],
                    principal=count.principal,
                    time=count.time,
                )
            )
        return Sample(sample, known.span, (*known.revisions, count))

    async def checked(self, camera_id: str, sites: Sites) -> tuple[Sequence[CheckedSample], int]:
        """What people and the camera counted in each sample that people counted, and how many were drawn in all."""
        asked = {"camera_id": camera_id}
        async with self._database.begin() as connection:
            # People's counts and the camera's are of one moment.
            await connection.execute(_ONE_MOMENT)
            audits = await _audits(
                connection,
                f"{_AUDITS} AND camera_id = :camera_id",
                asked | {"sites": listed(sites)},
            )
            counted: dict[tuple[str, int], dict[tuple[str, Direction], int]] = defaultdict(dict)
            for audit_id, number, line, way, crossings in await connection.execute(_COUNTED, asked):
                counted[str(audit_id), number][line, Direction(way)] = crossings
        samples = [(audit.id, sample) for audit in audits for sample in audit.samples]
        checked = [
            CheckedSample(sample.revisions[-1].tallies, counted[audit_id, sample.number])
            for audit_id, sample in samples
            if sample.revisions
        ]
        return checked, len(samples)


async def _audit(connection: AsyncConnection, audit_id: str, sites: Sites) -> CountAudit:
    asked = {"audit_id": audit_id, "sites": listed(sites)}
    found = await _audits(connection, f"{_AUDITS} AND id = CAST(:audit_id AS uuid)", asked)
    if not found:
        raise AuditNotFound(audit_id)
    return found[0]


async def _audits(
    connection: AsyncConnection, statement: str, values: Mapping[str, Any]
) -> Sequence[CountAudit]:
    rows = (await connection.execute(text(statement), values)).mappings().all()
    ids = [str(row["id"]) for row in rows]
    lines = {str(row["id"]): row["lines"] for row in rows}
    counts: dict[tuple[str, int], list[ManualCount]] = defaultdict(list)
    ordered = select(manual_counts).where(manual_counts.c.audit_id.in_(ids))
    for row in (await connection.execute(ordered.order_by(manual_counts.c.revision))).mappings():
        counts[row["audit_id"], row["sample"]].append(_count(row, lines[row["audit_id"]]))
    samples: dict[str, list[Sample]] = defaultdict(list)
    drawn = select(count_audit_samples).where(_SAMPLES.audit_id.in_(ids)).order_by(_SAMPLES.number)
    for audit_id, number, start, end in await connection.execute(drawn):
        samples[audit_id].append(
            Sample(number, TimeSpan(start, end), tuple(counts[audit_id, number]))
        )
    return [
        CountAudit(
            id=str(row["id"]),
            camera_id=str(row["camera_id"]),
            span=TimeSpan(row["start_time"], row["end_time"]),
            seed=row["seed"],
            lines=tuple(row["lines"]),
            samples=tuple(samples[str(row["id"])]),
            creator=row["creator"],
            create_time=row["create_time"],
        )
        for row in rows
    ]


def _count(row: RowMapping, lines: Sequence[str]) -> ManualCount:
    tallies = {
        (line, way): count
        for way, counts in ((Direction.IN, row["ins"]), (Direction.OUT, row["outs"]))
        for line, count in zip(lines, counts, strict=True)
    }
    return ManualCount(tallies, row["principal"], row["time"])
