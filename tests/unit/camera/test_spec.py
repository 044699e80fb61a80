"""What a camera may be: streams that can be read, zones that enclose something, text that can be shown."""

from dataclasses import replace
from math import cos, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.camera.domain.counting import (
    CountingConfig,
    FloorPlace,
    Line,
    Mask,
    Point,
    Privacy,
    PrivacyArea,
    Schedule,
    Zone,
    calibration_problem,
    line_problem,
    polygon_problem,
)
from tally.camera.domain.hours import Hours, Weekday
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream, uri_problem
from tally.kernel.errors import InvalidInput
from tests.unit.camera.examples import PLAZA


@pytest.mark.parametrize(
    "uri",
    [
        "rtsp://10.0.0.7/live",
        "rtsps://camera.local:322/live?channel=1",
        "http://[fd00::1]:8080/mjpeg",
        "https://example.org/stream.m3u8",
        "RTSP://10.0.0.7/live",
        "file:///videos/square.mp4",
        "file:///videos/with%20space.mp4",
        "demo://plaza",
        "demo://plaza/",
    ],
)
def test_a_stream_that_can_be_read_is_accepted(uri: str) -> None:
    assert uri_problem(uri) is None


@pytest.mark.parametrize(
    ("uri", "mend"),
    [
        ("ftp://10.0.0.7/live", "use rtsp://"),
        ("/videos/square.mp4", "use rtsp://"),
        ("javascript:alert(1)", "use rtsp://"),
        ("rtsp://admin:hunter2@10.0.0.7/live", "remove what stands before the @"),
        ("rtsp://admin@10.0.0.7/live", "remove what stands before the @"),
        ("rtsp://@10.0.0.7/live", "remove what stands before the @"),
        ("file://admin@/videos/square.mp4", "remove what stands before the @"),
        ("rtsp:///live", "rtsp://host/path"),
        ("http://:8080/live", "http://host/path"),
        ("http://host:port/", "Port could not be cast"),
        ("http://host:99999/", "Port out of range"),
        ("http://[::1/", "Invalid IPv6"),
        ("file:square.mp4", "file:///absolute/path"),
        ("file://server/share/square.mp4", "file:///absolute/path"),
        ("demo://moon", "use demo://plaza"),
        ("demo://plaza/night", "use demo://plaza"),
        ("rtsp://10.0.0.7/a b", "percent-encode"),
        ("rt\tsp://10.0.0.7/", "percent-encode"),
        ("rtsp://10.0.0.7/\x00", "percent-encode"),
    ],
)
def test_a_stream_that_cannot_is_refused_with_the_mend(uri: str, mend: str) -> None:
    problem = uri_problem(uri)
    assert problem is not None
    assert mend in problem
    assert "hunter2" not in problem


@given(st.text())
def test_no_text_does_worse_than_being_refused(uri: str) -> None:
    uri_problem(uri)


def square(*corners: tuple[float, float]) -> tuple[Point, ...]:
    return tuple(Point(x, y) for x, y in corners)


@pytest.mark.parametrize(
    "corners",
    [
        square((0, 0), (1, 0), (1, 1)),
        square((0, 0), (0, 1), (1, 1), (1, 0)),
        square((0, 0), (1, 0), (1, 1), (0.5, 0.2), (0, 1)),
        square((0, 0), (0.5, 0), (1, 0), (1, 1)),  # a corner in the middle of a side
    ],
)
def test_a_simple_polygon_is_accepted(corners: tuple[Point, ...]) -> None:
    assert polygon_problem(corners) is None


@pytest.mark.parametrize(
    ("corners", "mend"),
    [
        (square((0, 0), (1, 1), (1, 0), (0, 1)), "in order"),  # a bow tie
        (square((0, 0), (1, 0), (1, 1), (0.5, 0), (0, 1)), "in order"),  # touches its own side
        (square((0, 0), (1, 0), (0.5, 0), (0.5, 1)), "in order"),  # runs back on itself
        (square((0, 0), (0.5, 0.5), (1, 1)), "in order"),  # flat
        (square((0, 0), (1, 0), (1, 1), (0, 0)), "twice"),  # closed by hand
        (square((0, 0), (1e-4, 0), (1e-4, 1e-4)), "apart"),
    ],
)
def test_a_polygon_that_encloses_no_area_of_its_own_is_refused(
    corners: tuple[Point, ...], mend: str
) -> None:
    problem = polygon_problem(corners)
    assert problem is not None
    assert mend in problem


@pytest.mark.parametrize(
    ("points", "mend"),
    [
        (square((0, 0), (1, 1)), None),
        (square((0, 0), (0.5, 0), (1, 0)), None),  # a point in the middle
        (square((0, 0), (1, 0), (1, 1), (0, 1)), None),
        (square((0, 0), (1, 0), (1, 1), (0, 0)), "twice"),
        (square((0, 0), (1, 0), (0.5, 0)), "a zone"),  # runs back on itself
        (square((0, 0), (1, 1), (1, 0), (0, 1)), "a zone"),
    ],
)
def test_a_line_must_not_meet_itself(points: tuple[Point, ...], mend: str | None) -> None:
    problem = line_problem(points)
    assert problem is None if mend is None else problem is not None and mend in problem


@given(st.lists(st.floats(0.2, 0.5), min_size=5, max_size=20), st.data())
def test_a_star_is_simple_until_two_corners_change_places(
    radii: list[float], data: st.DataObject
) -> None:
    angles = [2 * pi * i / len(radii) for i in range(len(radii))]
    star = [Point(0.5 + r * cos(a), 0.5 + r * sin(a)) for r, a in zip(radii, angles, strict=True)]
    assert polygon_problem(star) is None
    circle = [Point(0.5 + 0.4 * cos(a), 0.5 + 0.4 * sin(a)) for a in angles]
    first = data.draw(st.integers(0, len(circle) - 1))
    second = (first + data.draw(st.integers(2, len(circle) - 2))) % len(circle)
    circle[first], circle[second] = circle[second], circle[first]
    assert polygon_problem(circle) is not None


@pytest.mark.parametrize(
    ("floor", "mend"),
    [
        (((0, 5), (4, 5), (4, 0), (0, 0)), None),
        (((4, 5), (4, 0), (0, 0), (0, 5)), None),  # a plan turned round
        (((4, 5), (0, 5), (0, 0), (4, 0)), "mirrored"),
        (((0, 5), (4, 5), (0, 0), (4, 0)), "swapped"),
        (((0, 5), (4, 5), (4, 0), (1, 1)), None),
        (((0, 5), (4, 5), (4, 0), (2, 5)), "in one line"),
        (((0, 5), (4, 5), (4, 0), (4, 0)), "in one line"),
    ],
)
def test_a_calibration_is_what_a_camera_can_see(
    floor: tuple[tuple[float, float], ...], mend: str | None
) -> None:
    picture = square((0.3, 0.2), (0.7, 0.2), (0.9, 0.9), (0.1, 0.9))
    problem = calibration_problem(
        [FloorPlace(point, *place) for point, place in zip(picture, floor, strict=True)]
    )
    assert problem is None if mend is None else mend in (problem or "")


def violations(spec: CameraSpec) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        spec.require_valid()
    return {violation.field: violation.description for violation in caught.value.violations}


def test_every_violation_is_told_at_its_field() -> None:
    bow_tie = square((0, 0), (1, 1), (1, 0), (0, 1))
    broken = CameraSpec(
        name="a\x00b",
        stream=Stream("gopher://x"),
        counting=CountingConfig(
            lines=(
                Line("\x07", (Point(0, 0), Point(1, 1)), out_name="\x00"),
                Line("z", square((0, 0), (1, 1), (1, 0), (0, 1))),
            ),
            zones=(PLAZA.counting.zones[0], Zone("z\n", bow_tie)),
            classes=("person", "\x00"),
            masks=(PLAZA.counting.masks[0], Mask(bow_tie)),
            privacy=Privacy(areas=(*PLAZA.counting.privacy.areas, PrivacyArea(bow_tie))),
            calibration=PLAZA.counting.calibration[::-1][:3] * 2,
        ),
        labels={"site": "Hà Nội", "k": "\x00"},
    )
    assert violations(broken).keys() == {
        "camera.name",
        "camera.stream.uri",
        "camera.counting.lines[0].name",
        "camera.counting.lines[0].out_name",
        "camera.counting.lines[1].points",
        "camera.counting.zones[1].name",
        "camera.counting.zones[1].polygon",
        "camera.counting.classes[1]",
        "camera.counting.masks[1].polygon",
        "camera.counting.privacy.areas[1].polygon",
        "camera.counting.calibration",
        "camera.labels['k']",
    }


def test_a_valid_camera_passes() -> None:
    PLAZA.require_valid()
    replace(PLAZA, counting=CountingConfig(), labels={}).require_valid()
    replace(PLAZA, name="می\u200cدان \N{FAMILY}").require_valid()  # joiners are part of words


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        (Schedule("Mars/Olympus", (Hours(Weekday.MONDAY, "09:00", "18:00"),)), "time_zone"),
        (Schedule("Europe/Paris", (Hours(Weekday.MONDAY, "22:00", "02:00"),)), "hours[0].ends"),
        (
            Schedule(
                "Europe/Paris",
                (
                    Hours(Weekday.MONDAY, "09:00", "18:00"),
                    Hours(Weekday.MONDAY, "17:00", "19:00"),
                ),
            ),
            "hours",
        ),
    ],
)
def test_hours_that_make_no_sense_are_refused(schedule: Schedule, field: str) -> None:
    wanted = replace(PLAZA, counting=CountingConfig(schedule=schedule))
    with pytest.raises(InvalidInput) as caught:
        wanted.require_valid()
    [violation] = caught.value.violations
    assert violation.field == f"camera.counting.schedule.{field}"
