"""What happened to a camera, who had it happen, and how the camera was."""

from datetime import timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.camera.v1 import camera_pb2
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera
from tests.refusals import refused

NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "CAMERA_NOT_FOUND")


@pytest.fixture
def cameras(channel: grpc.aio.Channel) -> Cameras:
    return Cameras(channel)


def named(camera: camera_pb2.Camera, name: str) -> camera_pb2.Camera:
    return camera_pb2.Camera(id=camera.id, name=name)


async def test_every_change_is_listed_newest_first_with_who_made_it(cameras: Cameras) -> None:
    made = await cameras.create(a_camera("Plaza"))
    await cameras.update(named(made, "Square"), "name")
    await cameras.activate(made.id)
    await cameras.delete(made.id)
    first = await cameras.events(made.id, page_size=3)
    second = await cameras.events(made.id.upper(), 3, first.next_page_token)
    told = [*first.events, *second.events]
    assert [event.version for event in told] == [4, 3, 2, 1]
    assert second.next_page_token == ""
    assert [event.WhichOneof("change") for event in told] == [
        "deleted",
        "activated",
        "renamed",
        "created",
    ]
    assert (told[2].renamed.name, told[3].created.name) == ("Square", "Plaza")
    assert {event.actor for event in told} == {"user:administrator"}
    assert told[3].time == made.create_time


async def test_a_camera_is_shown_as_it_was(cameras: Cameras) -> None:
    made = await cameras.create(a_camera("Plaza"))
    renamed = await cameras.update(named(made, "Square"), "name")
    moment = Timestamp()
    moment.FromDatetime(made.create_time.ToDatetime() - timedelta(microseconds=1))
    assert await refused(cameras.at_time(made.id, moment)) == NOT_FOUND
    assert await cameras.at_time(made.id, made.create_time) == made
    assert await cameras.at_time(made.id, renamed.update_time) == renamed
    await cameras.delete(made.id)
    assert await cameras.at_version(made.id, 1) == made
    assert await cameras.at_version(made.id, 2) == renamed
    for version in (3, 4, 2**31 - 1):
        assert await refused(cameras.at_version(made.id, version)) == NOT_FOUND
    assert await refused(cameras.get(made.id)) == NOT_FOUND


async def test_a_camera_that_never_was_has_no_history(cameras: Cameras) -> None:
    assert await refused(cameras.events(UNKNOWN_ID)) == NOT_FOUND
    assert await refused(cameras.at_version(UNKNOWN_ID, 1)) == NOT_FOUND


async def test_a_token_of_another_cameras_history_is_refused(cameras: Cameras) -> None:
    one, other = await cameras.create(), await cameras.create()
    await cameras.activate(one.id)
    token = (await cameras.events(one.id, page_size=1)).next_page_token
    status, _ = await refused(cameras.events(other.id, page_token=token))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
