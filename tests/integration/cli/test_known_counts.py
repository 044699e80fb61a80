"""`tally count` where the truth is known, with the server that the command starts itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tally.cli.main import app
from tally.cli.up import PUBLISHED_ERROR, START_ERRORS
from tally.counting import Line
from tally.worker.agent.sources import Pace
from tally.worker.agent.sources.demo.layout import DEMO_LINES
from tally.worker.agent.sources.demo.reference import Reference
from tally.worker.agent.sources.demo.source import DemoSource
from tally.worker.agent.video_writer import VideoWriter
from tests.clips import CROSSING, FIRST_LEFT, SETTLING, SIZE, STEP, WIDE, walk

FPS = 10
WAYS = {"in_name": "in", "out_name": "out"}


def written(line: Line) -> str:
    return f"{line.name}=" + ",".join(str(number) for point in line.points for number in point)


def count(video: object, data: Path, *arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(
        app, ["count", str(video), *arguments, "--json", "--data", str(data)]
    )
    assert result.exit_code == 0, result.stderr
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_one_walker_is_one_crossing_at_the_right_moment(tmp_path: Path) -> None:
    height, width = SIZE
    video = tmp_path / "walk [1].mp4"
    with VideoWriter(video, width=width, height=height, fps=FPS) as writer:
        for number, (image, _) in enumerate(walk()):
            writer.write(image, number / FPS)
    told = count(
        video, tmp_path / "data",
        "--line", "upwards=0.5,1,0.5,0", "--line", "downwards=0.5,0,0.5,1", "--line", "aside=0,0.2,1,0.2",
        "--zone", "right half=0.5,0,1,0,1,1,0.5,1",
    )  # fmt: skip
    crossings = told.pop("crossings")
    del told["fps"], told["flows"]  # two lines at one place are crossed at one time
    assert told == {
        "frames": SETTLING + CROSSING,
        "detector": "motion",
        "lines": [
            {"name": "upwards", "in": 1, "out": 0, **WAYS},
            {"name": "downwards", "in": 0, "out": 1, **WAYS},
            {"name": "aside", "in": 0, "out": 0, **WAYS},
        ],
        "zones": [{"name": "right half", "entries": 1, "exits": 1, "peak": 1}],
    }
    assert isinstance(crossings, list)
    assert sorted((each["line"], each["direction"]) for each in crossings) == [
        ("downwards", "out"), ("upwards", "in"),
    ]  # fmt: skip
    frame = SETTLING + (width / 2 - WIDE / 2 - FIRST_LEFT) / STEP
    for each in crossings:
        assert each["frame"] == pytest.approx(frame, abs=2)
        assert each["time_s"] == pytest.approx(frame / FPS, abs=0.2)
        assert each["class"] == "object"
        assert 0.5 < each["score"] <= 1
    assert len({each["track"] for each in crossings}) == 1


def test_the_demo_is_counted_within_the_published_error(tmp_path: Path) -> None:
    frames = 900
    uri = f"demo://plaza?frames={frames}&width=480&height=270"
    source = DemoSource(uri, pace=Pace.AS_FAST_AS_POSSIBLE)
    assert source.info.fps is not None
    end = source.began + timedelta(seconds=frames / source.info.fps)
    (line,) = DEMO_LINES
    true = Reference(uri, began=source.began).totals(line, source.began, end)
    assert true.into + true.out >= 10
    told = count(uri, tmp_path, "--line", written(line))
    assert told["frames"] == frames
    assert isinstance(told["lines"], list)
    (counted,) = told["lines"]
    error = abs(counted["in"] - true.into) + abs(counted["out"] - true.out)
    assert error <= START_ERRORS + PUBLISHED_ERROR * (true.into + true.out), (counted, true)
