"""A recording's counts as tables, JSON or CSV."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tally.counting import Crossing, Direction, Line, VisitKind, Zone
from tally.worker.agent.recording import RecordedCrossing, RecordingCount

_COLUMNS = (
    "line", "direction", "frame", "time_s", "track", "class", "score",
    "confidence", "evidence", "gap_s", "from", "speed_mps",
)  # fmt: skip


def as_tables(
    count: RecordingCount, lines: Sequence[Line], zones: Sequence[Zone]
) -> RenderableType:
    """For people."""
    crossed, visited = _crossed(count), _visited(count)
    parts: list[RenderableType] = []
    if lines:
        table = _table("line", "in", "out", "both")
        for line in lines:
            inward = crossed[line.name, Direction.IN]
            outward = crossed[line.name, Direction.OUT]
            _add(
                table,
                line.name,
                _directed(inward, Direction.IN, line),
                _directed(outward, Direction.OUT, line),
                inward + outward,
            )
        parts.append(table)
    if flows := _flows(count):
        table = _table("from \\ to", *(line.name for line in lines))
        for origin in lines:
            _add(table, origin.name, *(flows[origin.name, line.name] for line in lines))
        parts.append(table)
    if zones:
        table = _table("zone", "entries", "exits", "peak")
        for zone in zones:
            entries = visited[zone.name, VisitKind.ENTRY]
            exits = visited[zone.name, VisitKind.EXIT]
            _add(table, zone.name, entries, exits, count.peaks[zone.name])
        parts.append(table)
    what = "objects, which motion cannot tell apart" if count.detector == "motion" else "objects"
    note = (
        f"{count.frames} frames at {count.frames_per_second:.1f}/s with {count.detector} ({what})"
    )
    if count.corrupt:
        note += f"; {count.corrupt} corrupt frames skipped"
    return Group(*parts, Text(note, style="dim"))


def as_json(count: RecordingCount, lines: Sequence[Line], zones: Sequence[Zone]) -> str:
    """One object, for programs."""
    crossed, visited = _crossed(count), _visited(count)
    return json.dumps(
        {
            "frames": count.frames,
            "fps": round(count.frames_per_second, 2),
            "detector": count.detector,
            "lines": [
                {
                    "name": line.name,
                    "in": crossed[line.name, Direction.IN],
                    "out": crossed[line.name, Direction.OUT],
                    "in_name": line.in_name,
                    "out_name": line.out_name,
                }
                for line in lines
            ],
            "flows": [
                {"from": origin, "to": line, "count": flow}
                for (origin, line), flow in sorted(_flows(count).items())
            ],
            "zones": [
                {
                    "name": zone.name,
                    "entries": visited[zone.name, VisitKind.ENTRY],
                    "exits": visited[zone.name, VisitKind.EXIT],
                    "peak": count.peaks[zone.name],
                }
                for zone in zones
            ],
            "crossings": [_row(each) for each in count.crossings],
        }
    )


def as_csv(count: RecordingCount) -> str:
    """One row for each crossing, for spreadsheets."""
    target = io.StringIO()
    writer = csv.DictWriter(target, _COLUMNS)
    writer.writeheader()
    for each in count.crossings:
        row = _row(each)
        writer.writerow(row | {"evidence": ", ".join(_evidence(each.crossing))})
    return target.getvalue()


def _table(shape: str, *headings: str) -> Table:
    table = Table(shape)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _add(table: Table, name: str, *figures: int | str) -> None:
    # A name is the user's and may look like markup.
    table.add_row(Text(name), *(Text(str(figure)) for figure in figures))


def _directed(count: int, direction: Direction, line: Line) -> str:
    """The number, and what the direction is called if not what the column says."""
    name = line.direction_name(direction)
    return str(count) if name == direction.value else f"{count} {name}"


def _row(recorded: RecordedCrossing) -> dict[str, object]:
    crossing = recorded.crossing
    return {
        "line": crossing.line,
        "direction": crossing.direction.value,
        "frame": recorded.frame,
        "time_s": round(crossing.time_s, 3),
        "track": crossing.track,
        "class": recorded.class_name,
        "score": round(crossing.score, 3),
        "confidence": round(crossing.confidence, 3),
        "evidence": _evidence(crossing),
        "gap_s": round(crossing.gap_s, 3),
        "from": crossing.previous,
        "speed_mps": None if crossing.speed_mps is None else round(crossing.speed_mps, 2),
    }


def _evidence(crossing: Crossing) -> list[str]:
    """What speaks for a crossing, in words."""
    return [each.value for each in crossing.evidence]


def _flows(count: RecordingCount) -> Counter[tuple[str, str]]:
    """Crossings by the line that the track had crossed before, of those that had crossed one."""
    return Counter(
        (each.crossing.previous, each.crossing.line)
        for each in count.crossings
        if each.crossing.previous is not None
    )


def _crossed(count: RecordingCount) -> Counter[tuple[str, Direction]]:
    return Counter((each.crossing.line, each.crossing.direction) for each in count.crossings)


def _visited(count: RecordingCount) -> Counter[tuple[str, VisitKind]]:
    return Counter((visit.zone, visit.kind) for visit in count.visits)
