"""Records of some cameras, and the sums over them by the plainest means."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from tally.analytics.domain.model import CountsRecord, Crossing, Direction, Visit, VisitKind
from tally.kernel.database import Database
from tally.kernel.ids import derived_id

QUARTER = timedelta(minutes=15)
NEAR_NOON = datetime(2026, 3, 1, 11, 59, 50, tzinfo=UTC)
LINES = ("gate", "door", "never crossed")
ZONES = ("plaza", "always empty")


def records(
    seed: int, run: str, start: datetime, count: int, epoch: int = 1, *, recording: bool = False
) -> list[CountsRecord]:
    """One camera's run: a record each second, some with a pause before them."""
    chance = random.Random(seed)  # noqa: S311 - scenery, not secrets
    camera = derived_id("camera", seed % 3)
    made, clock = [], start
    for sequence in range(count):
        clock += timedelta(seconds=chance.choice([0.1, 0.1, 0.1, 2.5, 60.0]))
        first, clock = clock, clock + timedelta(seconds=chance.choice([0.0, 0.9, 0.9]))
        crossings = tuple(
            Crossing(
                derived_id(camera, run, sequence, number),
                chance.choice(LINES[:2]),
                chance.choice(list(Direction)),
                first - timedelta(seconds=chance.random()),
                track=number,
                ordinal=0,
                object_class="person",
                score=0.5,
                confidence=1 - number / 8,
            )
            for number in range(chance.randrange(4))
        )
        visits = tuple(
            Visit(
                derived_id(camera, run, sequence, "visit", number),
                ZONES[0],
                kind,
                first,
                track=number,
                ordinal=0,
                object_class="person",
                dwell=timedelta(seconds=chance.uniform(0, 9)) if kind is VisitKind.EXIT else None,
            )
            for number in range(chance.randrange(3))
            for kind in [chance.choice(list(VisitKind))]
        )
        made.append(
            CountsRecord(
                camera_id=camera,
                run_id=derived_id("run", run),
                sequence=sequence,
                epoch=epoch,
                recording=recording,
                config_version=1,
                detector="motion",
                start=first,
                end=clock,
                frames_processed=10,
                frames_dropped=0,
                lines=LINES,
                peaks={ZONES[0]: chance.randrange(9), ZONES[1]: 0},
                crossings=crossings,
                visits=visits,
            )
        )
    return made


def scene() -> list[CountsRecord]:
    """Three cameras; the first has two runs that overlap."""
    runs = [(seed, f"run {seed}", NEAR_NOON - timedelta(seconds=seed)) for seed in range(4)]
    return [record for run in runs for record in records(*run, count=40)]


def quarter(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    """The quarters of an hour that a span touches."""
    first = touched = quarter(start)
    while touched < end or touched == first == start:
        yield touched
        touched += QUARTER


def expected(made: Sequence[CountsRecord]) -> dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]:
    """The sums by the plainest means: a set of all watched milliseconds, and counters."""
    by_place = {(each.camera_id, each.run_id, each.sequence): each for each in made}
    ins, outs, entries, exits = Counter[Any](), Counter[Any](), Counter[Any](), Counter[Any]()
    in_doubts, out_doubts = Counter[Any](), Counter[Any]()
    watched: dict[Any, set[int]] = {}
    dwell: dict[Any, timedelta] = {}
    peak: dict[Any, int] = {}
    lines: set[Any] = set()

    for each in by_place.values():
        before = by_place.get((each.camera_id, each.run_id, each.sequence - 1))
        start = each.start
        if before and start - before.end <= timedelta(seconds=10):
            start = before.end
        for touched in quarters(start, each.end):
            lines |= {(each.camera_id, line, touched) for line in each.lines}
            for zone, count in each.peaks.items():
                key = (each.camera_id, zone, touched)
                peak[key] = max(peak.get(key, 0), count)
            begin = max(start, touched).timestamp() * 1000
            end = min(each.end, touched + QUARTER).timestamp() * 1000
            watched.setdefault((each.camera_id, touched), set()).update(
                range(round(begin), round(end))
            )
        for crossing in each.crossings:
            key = (each.camera_id, crossing.line, quarter(crossing.time))
            lines.add(key)
            inwards = crossing.direction is Direction.IN
            (ins if inwards else outs)[key] += 1
            (in_doubts if inwards else out_doubts)[key] += round((1 - crossing.confidence) * 1e6)
        for visit in each.visits:
            key = (each.camera_id, visit.zone, quarter(visit.time))
            peak.setdefault(key, 0)
            entries[key] += visit.kind is VisitKind.ENTRY
            exits[key] += visit.kind is VisitKind.EXIT
            dwell[key] = dwell.get(key, timedelta()) + (visit.dwell or timedelta())
    return {
        "lines": {key: (ins[key], outs[key], in_doubts[key], out_doubts[key]) for key in lines},
        "zones": {
            key: (entries[key], exits[key], dwell.get(key, timedelta()), peak[key]) for key in peak
        },
        "coverage": {key: (timedelta(milliseconds=len(ms)),) for key, ms in watched.items()},
    }


async def sums(database: Database) -> dict[str, dict[tuple[Any, ...], tuple[Any, ...]]]:
    """The stored sums, in the same shape."""
    statements = {
        "lines": (
            3,
            "SELECT CAST(camera_id AS text), line, quarter, in_count, out_count, in_doubt, out_doubt "
            "FROM line_counts",
        ),
        "zones": (
            3,
            "SELECT CAST(camera_id AS text), zone, quarter, entries, exits, dwell, peak_occupancy "
            "FROM zone_counts",
        ),
        "coverage": (
            2,
            "SELECT CAST(camera_id AS text), quarter, (SELECT coalesce(sum(upper(part) - lower(part)), interval '0') "
            "FROM unnest(observed) AS part) FROM coverage",
        ),
    }  # fmt: skip
    async with database.begin() as connection:
        return {
            name: {
                tuple(row[:keys]): tuple(row[keys:])
                for row in await connection.execute(text(statement))
            }
            for name, (keys, statement) in statements.items()
        }
