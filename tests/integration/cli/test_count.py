"""`tally count` over a real video file and a real Triton server."""

import csv
import io
import json
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner, Result

from tally.cli.main import app
from tally.stack.triton import TritonServer
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.video_writer import VideoWriter

FRAMES = 120
LINE = "door=0.5,0.2,0.5,1"
ZONE = "square=0.2,0.4,0.8,0.4,0.8,0.9,0.2,0.9"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo scene as a file."""
    path = tmp_path_factory.mktemp("video") / "plaza.mp4"
    source = open_source(
        f"demo://plaza?frames={FRAMES}&width=320&height=180", pace=Pace.AS_FAST_AS_POSSIBLE
    )
    with VideoWriter(path, width=320, height=180, fps=15) as writer:
        for frame in source.frames():
            writer.write(frame.image, frame.time_s)
    return path


def count(*arguments: object, triton: TritonServer, data: Path) -> Result:
    command = ["count", *map(str, arguments), "--triton", triton.address, "--data", str(data)]
    return CliRunner().invoke(app, command)


def test_json_tells_every_crossing_and_the_sums_agree(
    video: Path, triton: TritonServer, tmp_path: Path
) -> None:
    shapes = ("--line", LINE, "--line", "0,0.6,1,0.6", "--zone", ZONE)
    result = count(video, *shapes, "--json", triton=triton, data=tmp_path)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["frames"] == FRAMES
    assert told["detector"] == "motion"
    assert told["fps"] > 0
    assert [line["name"] for line in told["lines"]] == ["door", "line 2"]
    for line in told["lines"]:
        for direction in ("in", "out"):
            crossings = [
                each
                for each in told["crossings"]
                if (each["line"], each["direction"]) == (line["name"], direction)
            ]
            assert len(crossings) == line[direction]
    assert told["crossings"]
    assert all(0 <= each["frame"] < FRAMES for each in told["crossings"])
    assert {each["class"] for each in told["crossings"]} == {"object"}
    (zone,) = told["zones"]
    assert zone["entries"] == zone["exits"] >= zone["peak"] > 0


def test_csv_lists_the_same_crossings(video: Path, triton: TritonServer, tmp_path: Path) -> None:
    as_json = count(video, "--line", LINE, "--json", triton=triton, data=tmp_path)
    as_csv = count(video, "--line", LINE, "--csv", triton=triton, data=tmp_path)
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    crossings = json.loads(as_json.stdout)["crossings"]
    assert [(row["line"], row["direction"], int(row["frame"])) for row in rows] == [
        (each["line"], each["direction"], each["frame"]) for each in crossings
    ]


def test_the_annotated_copy_has_every_frame(
    video: Path, triton: TritonServer, tmp_path: Path
) -> None:
    copy = tmp_path / "counted.mp4"
    result = count(video, "--line", LINE, "--annotate", copy, triton=triton, data=tmp_path)
    assert result.exit_code == 0, result.output
    with av.open(str(copy)) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES


def test_a_copy_that_cannot_be_written_costs_nothing(
    video: Path, triton: TritonServer, tmp_path: Path
) -> None:
    before = video.read_bytes()
    for copy, told in (
        (video, "overwrite the video"),
        (tmp_path / "no" / "c.mp4", "c.mp4 cannot be written"),
    ):
        result = count(video, "--line", LINE, "--annotate", copy, triton=triton, data=tmp_path)
        assert result.exit_code != 0
        (line,) = result.stderr.strip().splitlines()
        assert told in line
    assert video.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("missing.mp4", "--line", LINE), "missing.mp4 does not exist"),
        ((__file__, "--line", LINE), "is not a video"),
        (
            ("demo://plaza?frames=5", "--line", LINE, "--detector", "yolox-x"),
            "no detector 'yolox-x'",
        ),
        (("demo://plaza?frames=5", "--line", LINE, "--class", "person"), "cannot tell person"),
    ],
)
def test_what_cannot_be_counted_gives_one_clear_line(
    arguments: tuple[str, ...], told: str, triton: TritonServer, tmp_path: Path
) -> None:
    result = count(*arguments, triton=triton, data=tmp_path)
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert told in line


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (("--line", "0,0,1"), "pairs"),
        (("--line", "0.5,0.5,0.5,0.5"), "no length"),
        (("--line", "0,0,2,2"), "from 0 to 1"),
        (("--zone", "0,0,1,1,1,0,0.2,0.9"), "cross"),
        (("--line", "a=0,0,1,1", "--line", "a=0,1,1,0"), "name of its own"),
        (("--line", LINE, "--json", "--csv"), "choose one"),
        ((), "nothing to count"),
    ],
)
def test_a_bad_shape_is_refused_with_the_reason(
    shape: tuple[str, ...], told: str, triton: TritonServer, tmp_path: Path
) -> None:
    result = count("demo://plaza?frames=5", *shape, triton=triton, data=tmp_path)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert told in line
