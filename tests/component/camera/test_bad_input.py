"""What callers are told when they ask for what cannot be."""

from collections.abc import Awaitable, Callable

import grpc
import pytest

from tally.api.camera.v1 import camera_pb2
from tally.kernel.paging import page_token
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera, point
from tests.refusals import refused, violated

REQUEST = "0190a5b2-0000-7000-8000-0000000000aa"

NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "CAMERA_NOT_FOUND")
NAME_TAKEN = (grpc.StatusCode.ALREADY_EXISTS, "CAMERA_NAME_TAKEN")
ETAG_MISMATCH = (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
REQUEST_ID_REUSED = (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.fixture
def cameras(channel: grpc.aio.Channel) -> Cameras:
    return Cameras(channel)


async def test_an_unknown_camera_is_not_found(cameras: Cameras) -> None:
    assert await refused(cameras.get(UNKNOWN_ID)) == NOT_FOUND
    assert await refused(cameras.update(camera_pb2.Camera(id=UNKNOWN_ID, name="a"))) == NOT_FOUND
    assert await refused(cameras.delete(UNKNOWN_ID)) == NOT_FOUND
    assert await refused(cameras.activate(UNKNOWN_ID)) == NOT_FOUND
    assert await refused(cameras.deactivate(UNKNOWN_ID)) == NOT_FOUND


async def test_an_id_that_is_no_uuid_is_invalid(cameras: Cameras) -> None:
    calls: list[Callable[[str], Awaitable[object]]] = [
        cameras.get,
        cameras.delete,
        cameras.activate,
        cameras.deactivate,
    ]
    for call in calls:
        assert (await violated(call("plaza"))).keys() == {"camera_id"}
    told = await violated(cameras.update(camera_pb2.Camera(id="plaza", name="a")))
    assert "camera.id must be a UUID" in told.values()


async def test_a_stale_etag_is_aborted(cameras: Cameras) -> None:
    created = await cameras.create()
    current = await cameras.activate(created.id)
    stale = created.etag
    change = camera_pb2.Camera(id=created.id, etag=stale, name="a")
    assert await refused(cameras.update(change)) == ETAG_MISMATCH
    assert await refused(cameras.delete(created.id, stale)) == ETAG_MISMATCH
    assert await refused(cameras.activate(created.id, stale)) == ETAG_MISMATCH
    assert await refused(cameras.deactivate(created.id, stale)) == ETAG_MISMATCH
    assert await cameras.get(created.id) == current


async def test_a_taken_name_is_refused(cameras: Cameras) -> None:
    await cameras.create(a_camera("Plaza"))
    other = await cameras.create(a_camera("Square"))
    assert await refused(cameras.create(a_camera("Plaza"))) == NAME_TAKEN
    assert await refused(cameras.update(camera_pb2.Camera(id=other.id, name="Plaza"))) == NAME_TAKEN


async def test_a_request_id_stands_for_one_content(cameras: Cameras) -> None:
    await cameras.create(a_camera("Plaza"), REQUEST)
    assert await refused(cameras.create(a_camera("Square"), REQUEST)) == REQUEST_ID_REUSED


async def test_every_broken_field_rule_is_told(cameras: Cameras) -> None:
    broken = a_camera(" ")
    broken.stream.uri = ""
    broken.counting.lines[0].end.x = 1.5
    broken.counting.zones.add(name="hall", polygon=[point(0, 0)])
    broken.counting.classes[:] = ["person", "person"]
    told = await violated(cameras.create(broken, "nonsense"))
    assert told.keys() == {
        "camera.name",
        "camera.stream.uri",
        "camera.counting",
        "camera.counting.lines[0].end.x",
        "camera.counting.zones[1].polygon",
        "camera.counting.classes",
        "request_id",
    }


async def test_a_stream_that_cannot_be_read_is_refused(cameras: Cameras) -> None:
    for uri in ("gopher://x", "rtsp://admin:hunter2@10.0.0.7/live", "file:a.mp4", "demo://moon"):
        broken = a_camera()
        broken.stream.uri = uri
        told = await violated(cameras.create(broken))
        assert told.keys() == {"camera.stream.uri"}
        assert "hunter2" not in told["camera.stream.uri"]


async def test_a_zone_whose_sides_cross_is_refused(cameras: Cameras) -> None:
    broken = a_camera()
    corners = [point(0.1, 0.1), point(0.9, 0.9), point(0.9, 0.1), point(0.1, 0.9)]
    broken.counting.zones.add(name="bow tie", polygon=corners)
    told = await violated(cameras.create(broken))
    assert told.keys() == {"camera.counting.zones[1].polygon"}


async def test_a_mask_that_names_what_cannot_be_changed_is_refused(cameras: Cameras) -> None:
    created = await cameras.create()
    for path in ("nonsense", "state", "create_time", "counting.lines.name"):
        told = await violated(cameras.update(created, "name", path))
        assert told.keys() == {"update_mask"}
        assert path in told["update_mask"]


async def test_an_update_must_leave_a_valid_camera(cameras: Cameras) -> None:
    created = await cameras.create()
    change = camera_pb2.Camera(id=created.id)
    change.stream.uri = "gopher://x"
    assert (await violated(cameras.update(change))).keys() == {"camera.stream.uri"}
    assert (await violated(cameras.update(change, "name"))).keys() == {"camera.name"}
    assert await cameras.get(created.id) == created


async def test_fields_outside_the_mask_are_not_checked(cameras: Cameras) -> None:
    created = await cameras.create()
    change = camera_pb2.Camera(id=created.id, name="Square")
    change.stream.uri = "gopher://x"
    assert (await cameras.update(change, "name")).name == "Square"


async def test_a_page_token_of_another_list_is_refused(cameras: Cameras) -> None:
    for token in ("nonsense", page_token(["another", "list"], ["Plaza"])):
        assert (await violated(cameras.list(10, token))).keys() == {"page_token"}


async def test_a_page_size_out_of_range_is_refused(cameras: Cameras) -> None:
    for size in (-1, 1001):
        assert (await violated(cameras.list(size))).keys() == {"page_size"}
