"""A recording's counts as people and programs read them."""

import csv
import io
import json

import pytest
from rich.console import Console

from tally.cli.tallying import as_csv, as_json, as_tables
from tally.counting import Crossing, Direction, Evidence, Line, Visit, VisitKind, Zone
from tally.worker.agent.recording import RecordedCrossing, RecordingCount

LINES = [
    Line("door", ((0, 0), (1, 1))),
    Line("gate, north", ((0, 1), (1, 0)), in_name="coming", out_name="going"),
]
ZONES = [Zone("yard", ((0, 0), (1, 0), (1, 1))), Zone("[red]", ((0, 0), (1, 0), (0, 1)))]


@pytest.fixture
def count() -> RecordingCount:
    def crossing(line: str, direction: Direction, track: int) -> RecordedCrossing:
        what = Crossing(
            line, direction, track, 1, 0.12345 * track, 0, 0.98765,
            confidence=0.95251,
            evidence=(Evidence.SEEN_ON_BOTH_SIDES, Evidence.LOW_SCORE),
            gap_s=0.1,
            previous="door" if track > 2 else None,
            speed_mps=1.234 if track == 4 else None,
        )  # fmt: skip
        return RecordedCrossing(what, track * 3, "person")

    def visit(kind: VisitKind, track: int) -> Visit:
        return Visit("yard", kind, track, 1, 1.0, 2.0 if kind is VisitKind.EXIT else None, 0)

    return RecordingCount(
        "yolox-nano",
        frames=100,
        seconds=8.0,
        crossings=[
            crossing("door", Direction.IN, 1),
            crossing("door", Direction.OUT, 2),
            crossing("door", Direction.IN, 3),
            crossing("gate, north", Direction.OUT, 4),
        ],
        visits=[visit(VisitKind.ENTRY, 1), visit(VisitKind.ENTRY, 2), visit(VisitKind.EXIT, 1)],
        peaks={"yard": 2, "[red]": 0},
    )


def test_json_has_exactly_the_promised_shape(count: RecordingCount) -> None:
    text = as_json(count, LINES, ZONES)
    assert "\n" not in text
    told = json.loads(text)
    crossings = told.pop("crossings")
    assert told == {
        "frames": 100,
        "fps": 12.5,
        "detector": "yolox-nano",
        "lines": [
            {"name": "door", "in": 2, "out": 1, "in_name": "in", "out_name": "out"},
            {"name": "gate, north", "in": 0, "out": 1, "in_name": "coming", "out_name": "going"},
        ],
        "flows": [
            {"from": "door", "to": "door", "count": 1},
            {"from": "door", "to": "gate, north", "count": 1},
        ],
        "zones": [
            {"name": "yard", "entries": 2, "exits": 1, "peak": 2},
            {"name": "[red]", "entries": 0, "exits": 0, "peak": 0},
        ],
    }
    assert len(crossings) == 4
    assert crossings[1] == {
        "line": "door", "direction": "out", "frame": 6, "time_s": 0.247, "track": 2,
        "class": "person", "score": 0.988, "confidence": 0.953, "gap_s": 0.1,
        "evidence": ["seen on both sides", "low score"], "from": None, "speed_mps": None,
    }  # fmt: skip
    assert (crossings[3]["from"], crossings[3]["speed_mps"]) == ("door", 1.23)


def test_csv_has_a_row_for_each_crossing(count: RecordingCount) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(count))))
    assert [row["line"] for row in rows] == ["door", "door", "door", "gate, north"]
    assert rows[0] == {
        "line": "door", "direction": "in", "frame": "3", "time_s": "0.123", "track": "1",
        "class": "person", "score": "0.988", "confidence": "0.953", "gap_s": "0.1",
        "evidence": "seen on both sides, low score", "from": "", "speed_mps": "",
    }  # fmt: skip


def test_csv_of_nothing_still_has_its_head() -> None:
    assert list(csv.reader(io.StringIO(as_csv(RecordingCount("motion"))))) == [
        [
            "line",
            "direction",
            "frame",
            "time_s",
            "track",
            "class",
            "score",
            "confidence",
            "evidence",
            "gap_s",
            "from",
            "speed_mps",
        ]
    ]


def shown(count: RecordingCount) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(as_tables(count, LINES, ZONES))
    return console.export_text()


def test_tables_show_sums_and_speed(count: RecordingCount) -> None:
    text = shown(count)
    rows = [line.replace("│", " ").split() for line in text.splitlines()]
    assert ["door", "2", "1", "3"] in rows
    assert ["gate,", "north", "0", "coming", "1", "going", "1"] in rows
    assert r"from \ to" in text
    assert ["door", "1", "1"] in rows
    assert ["yard", "2", "1", "2"] in rows
    assert ["[red]", "0", "0", "0"] in rows
    assert "100 frames at 12.5/s with yolox-nano" in text
    assert "corrupt" not in text


def test_tables_tell_of_corrupt_frames_and_of_what_motion_cannot_do(count: RecordingCount) -> None:
    count.corrupt = 3
    count.detector = "motion"
    text = shown(count)
    assert "3 corrupt frames skipped" in text
    assert "cannot tell apart" in text


def test_a_recording_without_frames_has_no_speed() -> None:
    assert RecordingCount("motion").frames_per_second == 0
