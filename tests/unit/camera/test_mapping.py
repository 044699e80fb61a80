"""What the contract says and what the domain means are the same, both ways."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from tally.api.camera.v1 import camera_pb2, location_pb2, stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.camera.domain.counting import Anchor, CountingConfig
from tally.camera.domain.credentials import NO_CREDENTIALS, Credentials
from tally.camera.domain.events import CameraCreated, RecordedEvent
from tally.camera.domain.location import NOWHERE, GeoPoint, Location
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Pace, Stream, StreamState
from tally.camera.mapping.events import event_from_proto, event_to_proto
from tally.camera.mapping.history import recorded_to_proto
from tally.camera.mapping.resource import camera_to_proto, spec_from_proto, status_from_proto
from tally.camera.mapping.revision import credentials_revision, revision
from tally.kernel.errors import InvalidInput
from tests.unit.camera.examples import COUNTING, LATER, NOON, PLAZA, camera, status


def test_every_event_survives_its_message() -> None:
    lived = (
        camera()
        .revise(replace(PLAZA, name="b", stream=Stream("demo://plaza"), labels={}), NOON)
        .revise(replace(PLAZA, name="c", counting=CountingConfig()), NOON)
        .revise(PLAZA, NOON, b"sealed")
        .revise(replace(PLAZA, site_id="s", area_id="a"), NOON)
        .revise(replace(PLAZA, site_id="s", area_id="a", location=NOWHERE), NOON)
        .reseal(b"resealed", NOON)
        .activate(LATER)
        .deactivate(LATER)
        .delete(LATER)
    )
    messages = [event_to_proto(event) for event in lived.changes]
    names = {message.DESCRIPTOR.name for message in messages}
    contract = camera_pb2.DESCRIPTOR.pool.FindFileByName("tally/api/camera/v1/events.proto")
    assert lived.sealed_credentials == b"resealed"
    assert names == set(contract.message_types_by_name)
    assert [type(event).__name__ for event in lived.changes] == [
        m.DESCRIPTOR.name for m in messages
    ]
    again = [
        event_from_proto(message, event.time)
        for message, event in zip(messages, lived.changes, strict=True)
    ]
    assert tuple(again) == lived.changes


def test_a_message_that_tells_of_no_camera_event_is_refused() -> None:
    with pytest.raises(TypeError, match="StreamStatus is no camera event"):
        event_from_proto(stream_pb2.StreamStatus(), NOON)


@pytest.mark.parametrize("state", StreamState)
def test_the_resource_says_all_that_is_known(state: StreamState) -> None:
    active = camera().activate(LATER)
    message = camera_to_proto(CameraView(active, status(state, reason="no route")))
    assert spec_from_proto(message) == PLAZA
    assert (message.id, message.etag) == (active.id, active.etag)
    assert message.state == camera_pb2.CAMERA_STATE_ACTIVE
    assert message.create_time.ToNanoseconds() % 10**9 == 123_456_000
    assert status_from_proto(message.stream_status) == status(state, reason="no route")
    assert not camera_to_proto(CameraView(active, None)).HasField("stream_status")


def test_the_resource_tells_of_credentials_that_they_are_there_and_nothing_else() -> None:
    bare, guarded = camera(), Camera.create("c1", PLAZA, NOON, b"sealed")
    assert not camera_to_proto(CameraView(bare, None)).stream.credentials_set
    stream = camera_to_proto(CameraView(guarded, None)).stream
    assert stream.credentials_set
    assert not stream.HasField("credentials")
    assert b"sealed" not in stream.SerializeToString()


def test_a_line_of_two_points_has_a_start_and_an_end_and_one_with_corners_points() -> None:
    message = camera_to_proto(CameraView(camera(), None))
    door, porch = message.counting.lines
    assert (door.HasField("start"), door.HasField("end"), len(door.points)) == (True, True, 0)
    assert (porch.HasField("start"), porch.HasField("end"), len(porch.points)) == (False, False, 3)
    door.points.extend([door.start, door.end])
    door.ClearField("start")
    door.ClearField("end")
    assert spec_from_proto(message) == PLAZA


@pytest.mark.parametrize(
    "pairs",
    [
        {"a": "a"},
        {"a": "d"},
        {"a": "b", "b": "a"},
        {"a": "b", "b": "c"},
        {"a": "c", "b": "c"},
    ],
    ids=["itself", "nothing", "twice", "a chain", "shared"],
)
def test_a_pair_is_two_lines_of_their_own(pairs: dict[str, str]) -> None:
    ends = {"start": geometry_pb2.Point(x=0.1), "end": geometry_pb2.Point(x=0.9)}
    wanted = camera_pb2.Camera()
    for name in "abc":
        line = wanted.counting.lines.add(name=name, **ends)
        if name in pairs:
            line.pair.line, line.pair.distance_m = pairs[name], 4.5
    told = refused(lambda: revision(wanted, ["counting.lines"])(PLAZA))
    assert {field for field, _ in told} == {"camera.counting"}


@pytest.mark.parametrize(
    ("points", "ends"), [(0, 1), (0, 0), (1, 0), (3, 1), (2, 2), (17, 0)], ids=str
)
def test_a_line_has_either_two_ends_or_points(points: int, ends: int) -> None:
    places = [geometry_pb2.Point(x=k / 20, y=0.5) for k in range(17)]
    line = geometry_pb2.Line(name="door", points=places[:points])
    if ends:
        line.start.CopyFrom(places[0])
    if ends == 2:
        line.end.CopyFrom(places[1])
    wanted = camera_pb2.Camera(counting=geometry_pb2.CountingConfig(lines=[line]))
    told = refused(lambda: revision(wanted, ["counting.lines"])(PLAZA))
    assert {field for field, _ in told} <= {
        "camera.counting.lines[0]",
        "camera.counting.lines[0].points",
    }


def test_what_is_left_open_is_filled_in() -> None:
    line = geometry_pb2.Line(name="door", end=geometry_pb2.Point(x=1, y=1))
    message = camera_pb2.Camera(
        name="Plaza",
        stream=stream_pb2.Stream(uri="demo://plaza"),
        counting=geometry_pb2.CountingConfig(lines=[line]),
    )
    known = spec_from_proto(message)
    assert known.stream.pace is Pace.REALTIME
    assert known.counting.lines[0].anchor is Anchor.FOOT


@pytest.mark.parametrize(
    "message",
    [
        stream_pb2.StreamStatus(state=stream_pb2.STREAM_STATE_ENDED),
        stream_pb2.StreamStatus(update_time=Timestamp(seconds=1)),
    ],
)
def test_a_status_without_state_or_time_is_refused(message: stream_pb2.StreamStatus) -> None:
    with pytest.raises(ValueError, match="needs a known state and a time"):
        status_from_proto(message)


WANTED = camera_pb2.Camera(
    name="Square",
    stream=stream_pb2.Stream(uri="demo://plaza"),
    counting=geometry_pb2.CountingConfig(detector="yolox-nano"),
)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["name"], replace(PLAZA, name="Square")),
        (["stream"], replace(PLAZA, stream=Stream("demo://plaza"))),
        (
            ["stream.uri"],
            replace(PLAZA, stream=Stream("demo://plaza", Pace.AS_FAST_AS_POSSIBLE)),
        ),
        (["stream.pace"], replace(PLAZA, stream=Stream("rtsp://10.0.0.7/live"))),
        (["counting"], replace(PLAZA, counting=CountingConfig(detector="yolox-nano"))),
        (["counting.lines"], replace(PLAZA, counting=replace(COUNTING, lines=()))),
        (["counting.zones"], replace(PLAZA, counting=replace(COUNTING, zones=()))),
        (["counting.classes"], replace(PLAZA, counting=replace(COUNTING, classes=()))),
        (
            ["counting.detector"],
            replace(PLAZA, counting=replace(COUNTING, detector="yolox-nano")),
        ),
        (["labels"], replace(PLAZA, labels={})),
        (["name", "labels"], replace(PLAZA, name="Square", labels={})),
        (["stream.uri", "stream"], replace(PLAZA, stream=Stream("demo://plaza"))),
        (
            [],
            CameraSpec(
                name="Square",
                stream=Stream("demo://plaza", Pace.AS_FAST_AS_POSSIBLE),
                counting=replace(COUNTING, detector="yolox-nano"),
                labels=PLAZA.labels,
                location=PLAZA.location,
            ),
        ),
    ],
    ids=lambda value: ",".join(value) or "absent" if isinstance(value, list) else "",
)
def test_a_mask_changes_the_fields_it_names(paths: list[str], expected: CameraSpec) -> None:
    assert revision(WANTED, paths)(PLAZA) == expected


def test_a_part_is_reset_even_where_its_whole_is_absent() -> None:
    absent = camera_pb2.Camera()
    assert revision(absent, ["counting.lines"])(PLAZA).counting == replace(COUNTING, lines=())
    assert revision(absent, ["stream.pace"])(PLAZA).stream.pace is Pace.REALTIME
    assert revision(absent, [])(PLAZA) == PLAZA


def test_a_place_is_changed_as_a_whole_or_in_part() -> None:
    wanted = camera_pb2.Camera(location=location_pb2.Location(description="door"))
    assert revision(wanted, [])(PLAZA).location == replace(PLAZA.location, description="door")
    assert revision(wanted, ["location"])(PLAZA).location == Location("door")
    there = replace(PLAZA.location, point=None)
    assert revision(wanted, ["location.point"])(PLAZA).location == there
    wanted.location.point.longitude = -181
    with pytest.raises(InvalidInput, match="invalid"):
        revision(wanted, ["location.point"])(PLAZA)
    wanted.location.point.longitude = -180
    assert revision(wanted, [])(PLAZA).location == Location("door", GeoPoint(0, -180))


def test_whoever_leaves_a_site_leaves_its_area_unless_another_is_named() -> None:
    site_id, area_id = (
        "0190a5b2-0000-7000-8000-00000000000a",
        "0190a5b2-0000-7000-8000-00000000000b",
    )
    there = replace(PLAZA, site_id=site_id, area_id=area_id)
    wanted = camera_pb2.Camera(id="c", name="Square", site_id=site_id.upper())
    assert revision(wanted, ["site_id"])(there).area_id == area_id
    assert revision(wanted, ["name"])(there).area_id == area_id
    wanted.site_id = area_id
    assert revision(wanted, ["site_id"])(there) == replace(there, site_id=area_id, area_id="")
    wanted.area_id = site_id
    both = replace(there, site_id=area_id, area_id=site_id)
    assert revision(wanted, ["site_id", "area_id"])(there) == both


def refused(act: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        act()
    return [(violation.field, violation.description) for violation in caught.value.violations]


def test_a_mask_is_refused_with_everything_that_is_wrong_with_it() -> None:
    paths = [
        "nonsense", "name", "state", "stream_status.reason", "etag", "stream.credentials_set",
        "stream.nonsense", "stream.credentials.password", "*",
    ]  # fmt: skip
    told = refused(lambda: revision(WANTED, paths))
    assert {field for field, _ in told} == {"update_mask"}
    assert [text.split()[1].rstrip(",") for _, text in told] == [
        path for path in paths if path != "name"
    ]
    server_sets = [text.split()[1].rstrip(",") for _, text in told if "the server alone" in text]
    assert server_sets == ["state", "stream_status.reason", "etag", "stream.credentials_set"]


GUARDED = stream_pb2.Stream(
    credentials=stream_pb2.StreamCredentials(username="guard", password="horse")
)
EMPTY = stream_pb2.Stream(credentials=stream_pb2.StreamCredentials())
ABSENT = stream_pb2.Stream(uri="rtsp://10.0.0.7/live")


@pytest.mark.parametrize(
    ("stream", "paths", "expected"),
    [
        (GUARDED, ["stream.credentials"], Credentials("guard", "horse")),
        (GUARDED, ["stream"], Credentials("guard", "horse")),
        (GUARDED, [], Credentials("guard", "horse")),
        (GUARDED, ["stream.uri"], None),
        (EMPTY, ["stream.credentials"], NO_CREDENTIALS),
        (EMPTY, ["stream"], NO_CREDENTIALS),
        (EMPTY, [], NO_CREDENTIALS),
        (ABSENT, ["stream.credentials"], NO_CREDENTIALS),
        (ABSENT, ["stream"], None),
        (ABSENT, [], None),
    ],
)
def test_absent_credentials_are_cleared_only_where_they_are_named(
    stream: stream_pb2.Stream, paths: list[str], expected: Credentials | None
) -> None:
    assert credentials_revision(camera_pb2.Camera(stream=stream), paths) == expected


def test_a_change_of_credentials_alone_leaves_the_rest() -> None:
    assert revision(camera_pb2.Camera(stream=GUARDED), ["stream.credentials"])(PLAZA) == PLAZA


@pytest.mark.parametrize(
    ("username", "password"), [("a:b", "c"), ("", "secret"), ("a", "secret\n"), ("a" * 64, "")]
)
def test_credentials_obey_the_contract(username: str, password: str) -> None:
    credentials = stream_pb2.StreamCredentials(username=username, password=password)
    wanted = camera_pb2.Camera(stream=stream_pb2.Stream(credentials=credentials))
    told = refused(lambda: revision(wanted, ["stream.credentials"])(PLAZA))
    assert all(field.startswith("camera.stream.credentials") for field, _ in told)
    assert "secret" not in str(told)


def test_the_camera_that_would_come_out_must_obey_the_contract() -> None:
    point = geometry_pb2.Point(x=0.5, y=2)
    broken = camera_pb2.Camera(
        name=" ",
        counting=geometry_pb2.CountingConfig(
            lines=[geometry_pb2.Line(name="door", start=point, end=point)]
        ),
    )
    told = refused(lambda: revision(broken, ["name", "counting.lines", "stream"])(PLAZA))
    assert {field for field, _ in told} == {
        "camera.name",
        "camera.stream.uri",
        "camera.counting.lines[0]",
        "camera.counting.lines[0].start.y",
        "camera.counting.lines[0].end.y",
    }


@given(st.lists(st.text()))
def test_one_bad_path_is_enough_to_refuse_a_mask(paths: list[str]) -> None:
    told = refused(lambda: revision(WANTED, [*paths, "nonsense"]))
    assert {field for field, _ in told} == {"update_mask"}


def test_history_shows_no_credentials() -> None:
    created = camera().changes[0]
    assert isinstance(created, CameraCreated)
    sealed = replace(created, sealed_credentials=b"sealed")
    shown = recorded_to_proto(RecordedEvent(1, sealed, "user:1"))
    assert (shown.version, shown.actor, shown.created.name) == (1, "user:1", "Plaza")
    assert b"sealed" not in shown.SerializeToString()
