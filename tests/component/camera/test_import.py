"""Cameras leave in files and come back, at a camera server that takes everybody for an administrator."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from tally.camera.settings import CameraSettings
from tally.cli import importing
from tests.component.camera.conftest import Tally

TWO = """\
cameras:
- name: Door
  state: active
  site: North
  area: Hall
  location:
    description: above the door
    point: {latitude: 21.5, longitude: 0}
  labels: {floor: 2}
  stream:
    uri: rtsp://10.0.0.7/live
    credentials: {username: guard, password: secret horse}
  counting:
    lines:
    - {name: door, start: {x: 0.1, y: 0.5}, end: {x: 0.9, y: 0.5}, u_turn_window: 2.5s}
- name: Gate
  stream: {uri: "demo://plaza"}
"""


@pytest.fixture
def settings(settings: CameraSettings) -> CameraSettings:
    """With a key for credentials."""
    return settings.model_copy(update={"stream_keys": SecretStr("key:" + "k" * 32)})


@pytest.fixture
def file(tally: Tally, tmp_path: Path) -> Path:
    """A file of two cameras, at a site that is there."""
    tally("sites", "create", "North", "--time-zone", "UTC")
    tally("areas", "create", "North", "Hall")
    written = tmp_path / "cameras.yaml"
    written.write_text(TWO)
    return written


def outcomes(lines: Iterable[str]) -> list[list[str]]:
    """Camera, line and outcome of each row of the table."""
    return [line.split()[:3] for line in lines if line.startswith(("Door", "Gate", "Yard"))]


def exported(tally: Tally, kind: str = "yaml") -> str:
    return "\n".join(tally("cameras", "export", "-", "--format", kind)) + "\n"


def cameras(text: str) -> dict[str, Any]:
    return {camera["name"]: camera for camera in yaml.safe_load(text)["cameras"]}


def test_what_a_dry_run_foretells_an_import_does_and_another_finds_done(
    tally: Tally, file: Path
) -> None:
    told = tally("cameras", "import", str(file), "--dry-run")
    assert outcomes(told) == [["Door", "2", "created"], ["Gate", "16", "created"]]
    assert told[-1].endswith("2 created, 0 changed, 0 unchanged, 0 refused if it were no dry run")
    assert exported(tally) == "cameras: []\n"
    assert outcomes(tally("cameras", "import", str(file))) == outcomes(told)
    before = exported(tally)
    assert "0 created, 0 changed, 2 unchanged" in tally("cameras", "import", str(file))[-1]
    assert exported(tally) == before
    door, gate = cameras(before).values()
    assert (door["state"], door["site"], door["area"]) == ("active", "North", "Hall")
    assert door["location"]["point"] == {"latitude": 21.5, "longitude": 0.0}
    assert door["labels"] == {"floor": "2"}
    assert door["counting"]["lines"][0]["u_turn_window"] == "2.500s"
    assert (gate["state"], gate["site"]) == ("inactive", "")


def test_an_export_holds_no_credentials_and_says_who_has_them(tally: Tally, file: Path) -> None:
    tally("cameras", "import", str(file))
    for kind in ("yaml", "csv"):
        text = exported(tally, kind)
        assert "guard" not in text
        assert "horse" not in text
    door, gate = cameras(exported(tally)).values()
    assert (door["stream"]["credentials_set"], gate["stream"]["credentials_set"]) == (True, False)


@pytest.mark.parametrize("kind", ["yaml", "csv"])
def test_an_export_is_a_file_that_changes_nothing_here_and_all_elsewhere(
    tally: Tally, file: Path, tmp_path: Path, kind: str
) -> None:
    tally("cameras", "import", str(file))
    written = tmp_path / f"all.{kind}"
    assert tally("cameras", "export", str(written)) == []
    before = exported(tally)
    assert "2 unchanged, 0 refused" in tally("cameras", "import", str(written))[-1]
    assert exported(tally) == before
    tally("cameras", "move", "Door")
    tally("cameras", "locate", "Door")
    tally("cameras", "locate", "Gate", "at the gate")
    tally("cameras", "lines", "Door")
    told = tally("cameras", "import", str(written))
    assert outcomes(told) == [["Door", "2", "changed"], ["Gate", told[-2].split()[1], "changed"]]
    [door] = [line for line in told if line.startswith("Door")]
    for change in ("site: none → North", "area: none → Hall", "location.point", "counting.lines"):
        assert change in door
    assert exported(tally) == before


def test_what_a_row_says_nothing_of_stays_and_credentials_stay_with_their_host(
    tally: Tally, file: Path
) -> None:
    tally("cameras", "import", str(file))
    before = cameras(exported(tally))["Door"]
    same_host = "cameras: [{name: Door, state: inactive, stream: {uri: 'rtsp://10.0.0.7/other'}}]"
    file.write_text(same_host)
    [row] = [line for line in tally("cameras", "import", str(file)) if line.startswith("Door")]
    assert "rtsp://10.0.0.7/live → rtsp://10.0.0.7/other; state: inactive" in row
    stream = before["stream"] | {"uri": "rtsp://10.0.0.7/other"}
    assert cameras(exported(tally))["Door"] == before | {"state": "inactive", "stream": stream}
    file.write_text("cameras:\n- name: Door\n  stream:\n    uri: rtsp://10.0.0.8/live\n")
    refused = tally("cameras", "import", str(file), fails=True)
    assert any(f"{file}:3: stream.credentials: belong to the present" in line for line in refused)
    with file.open("a") as more:
        more.write("    credentials: {username: guard, password: other}\n")
    assert "0 created, 1 changed" in tally("cameras", "import", str(file))[-1]
    assert "1 unchanged" in tally("cameras", "import", str(file))[-1]
    file.write_text(
        "cameras: [{name: Yard, stream: {uri: 'rtsp://10.0.0.9', credentials_set: true}}]"
    )
    assert any(
        "its credentials are missing" in line for line in tally("cameras", "import", str(file))
    )


def test_rows_are_refused_by_line_and_field_and_the_others_are_done(
    tally: Tally, file: Path
) -> None:
    file.write_text(
        """\
cameras:
- name: Door
  stream:
    uri: gopher://x
- name: Gate
  stream: {uri: "demo://plaza"}
- name: Gate
- stream: {uri: "demo://plaza"}
  colour: red
- name: Yard
  site: South
  state: on
  stream: {uri: "demo://plaza"}
- name: Wall
  stream: {uri: "demo://plaza"}
  counting:
    zones:
    - name: hall
      polygon: [{x: 0, y: 0}, {x: 1, y: 1}, {x: 1, y: 0}, {x: 0, y: 1}]
    lines:
    - name: door
      star: {x: 0, y: 0}
- just a word
- name: Far
  location: {point: {latitude: north, longitude: 0}}
  stream: {uri: "demo://plaza"}
- name: Farther
  location: {point: {latitude: 1}}
  stream: {uri: "demo://plaza"}
"""
    )
    for options in (["--dry-run"], []):
        told = tally("cameras", "import", str(file), *options, fails=True)
        problems = [line.removeprefix(f"{file}:") for line in told if line.startswith(f"{file}:")]
        expected = [
            "4: stream.uri: has a scheme that cannot be read",
            "7: name: stands in line 5 already",
            "9: colour: is no field of a camera",
            "8: name: is missing",
            "12: state: must be active or inactive",
            "11: site: no site is called South",
            '21: counting.lines[0]: has no field "star"',
            "23: is no camera",
            "25: location.point.latitude: Couldn't parse float: north",
            "28: location.point: needs latitude and longitude",
        ]
        for problem, start in zip(problems, expected, strict=True):
            assert problem.startswith(start)
        assert "1 created, 0 changed, 0 unchanged, 8 refused" in told[-1]
    assert list(cameras(exported(tally))) == ["Gate"]


def test_what_the_server_refuses_is_told_by_line(tally: Tally, file: Path) -> None:
    crossed = "[{x: 0, y: 0}, {x: 1, y: 1}, {x: 1, y: 0}, {x: 0, y: 1}]"
    file.write_text(
        "cameras:\n- name: Door\n  stream: {uri: 'demo://plaza'}\n  counting:\n    zones:\n"
        f"    - name: hall\n      polygon: {crossed}\n"
    )
    told = tally("cameras", "import", str(file), "--dry-run", fails=True)
    assert any(
        f"{file}:7: counting.zones[0].polygon: has sides that cross" in line for line in told
    )


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yaml", "cameras: [", "line 1: "),
        ("a.yaml", "- name: x", "line 1: a file of cameras is `cameras:` and a list"),
        ("a.yaml", "cameras:\n- name: x\n  name: y\n", "line 3: name twice"),
        ("a.yaml", "cameras: &a [*a]", "the file is no YAML"),
        ("a.csv", "name,colour\n", "line 1: no column can be called 'colour'"),
        ("a.csv", "name,name\n", "line 1: each column is there once, name among them"),
        ("a.csv", "", "line 1: each column is there once, name among them"),
        ("a.csv", 'name\n"x\n', "line 2: unexpected end of data"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    tally: Tally, tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_text(text)
    [told, *_] = tally("cameras", "import", str(tmp_path / name), fails=True)
    assert told.startswith(f"error: {problem}")


def test_rows_of_spreadsheets_are_refused_by_line(tally: Tally, tmp_path: Path) -> None:
    written = tmp_path / "cameras.csv"
    with written.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["name", "stream.uri", "labels", "location.description"])
        writer.writerow(["Door", "demo://plaza", '{"floor": "2"}', "two\nlines"])
        writer.writerow(["Gate", "demo://plaza", "floor=2", ""])
        writer.writerow(["Yard", "demo://plaza"])
        writer.writerow([])
        writer.writerow(["Yard", "demo://plaza", "", ""])
    told = tally("cameras", "import", str(written), fails=True)
    assert any(f"{written}:4: labels: is no JSON" in line for line in told)
    assert any(f"{written}:5: has 2 cells where the header has 4" in line for line in told)
    assert ["Yard", "7", "created"] in outcomes(told)
    assert any(f"{written}:2: location.description: must not hold control" in line for line in told)


def test_an_import_that_stops_in_the_middle_is_repeated(
    tally: Tally, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(rows: Iterable[Any], *_: object, **__: object) -> Iterator[Any]:
        first, *_others = rows
        yield first
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "track", interrupted)
        told = tally("cameras", "import", str(file), fails=True)
    assert outcomes(told) == [["Door", "2", "created"]]
    assert any("stopped before line 16: import the file again" in line for line in told)
    assert outcomes(tally("cameras", "import", str(file))) == [
        ["Door", "2", "unchanged"],
        ["Gate", "16", "created"],
    ]
