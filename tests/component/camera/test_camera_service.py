"""Every method of the camera contract, called over a real channel."""

import asyncio
from collections.abc import Awaitable

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, stream_pb2
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.grpc.client import connect
from tests.callers import Anybody
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera
from tests.refusals import reason_of, refused

REQUEST = "0190a5b2-0000-7000-8000-0000000000aa"


@pytest.fixture
def cameras(channel: grpc.aio.Channel) -> Cameras:
    return Cameras(channel)


async def test_a_created_camera_is_returned_whole(cameras: Cameras) -> None:
    wanted = a_camera("Plaza")
    created = await cameras.create(wanted)
    assert (created.name, created.stream, created.counting, created.labels) == (
        wanted.name,
        wanted.stream,
        wanted.counting,
        wanted.labels,
    )
    assert created.state == camera_pb2.CAMERA_STATE_INACTIVE
    assert created.etag
    assert created.create_time == created.update_time
    assert not created.HasField("stream_status")
    assert await cameras.get(created.id) == created


async def test_a_created_camera_answers_rest_with_201(cameras: Cameras) -> None:
    call = cameras.stub.CreateCamera(camera_service_pb2.CreateCameraRequest(camera=a_camera()))
    await call
    assert dict(await call.initial_metadata())["x-tally-http-status"] == "201"


async def test_output_only_fields_of_a_new_camera_are_ignored(cameras: Cameras) -> None:
    wanted = a_camera()
    wanted.id = UNKNOWN_ID
    wanted.etag = "mine"
    wanted.state = camera_pb2.CAMERA_STATE_ACTIVE
    wanted.stream_status.state = stream_pb2.STREAM_STATE_STREAMING
    created = await cameras.create(wanted)
    assert created.id != UNKNOWN_ID
    assert created.etag != "mine"
    assert created.state == camera_pb2.CAMERA_STATE_INACTIVE
    assert not created.HasField("stream_status")


async def test_equal_requests_at_once_create_one_camera(cameras: Cameras) -> None:
    wanted = a_camera()
    made = await asyncio.gather(*(cameras.create(wanted, REQUEST) for _ in range(5)))
    assert [camera.id for camera in made] == [made[0].id] * 5
    assert len((await cameras.list()).cameras) == 1


async def test_a_camera_lives_until_it_is_deleted(cameras: Cameras) -> None:
    created = await cameras.create()
    active = await cameras.activate(created.id, created.etag)
    assert active.state == camera_pb2.CAMERA_STATE_ACTIVE
    assert await cameras.activate(created.id) == active
    assert active.etag != created.etag
    assert active.update_time.ToNanoseconds() > created.update_time.ToNanoseconds()
    inactive = await cameras.deactivate(created.id, active.etag)
    assert inactive.state == camera_pb2.CAMERA_STATE_INACTIVE
    assert await cameras.deactivate(created.id) == inactive
    await cameras.delete(created.id, inactive.etag)
    assert await refused(cameras.get(created.id)) == (
        grpc.StatusCode.NOT_FOUND,
        "CAMERA_NOT_FOUND",
    )
    assert (await cameras.create(a_camera(created.name))).id != created.id


async def test_ids_are_the_same_in_capitals(cameras: Cameras) -> None:
    created = await cameras.create()
    assert await cameras.get(created.id.upper()) == created
    assert (await cameras.activate(created.id.upper())).id == created.id


async def test_an_update_changes_what_its_mask_names(cameras: Cameras) -> None:
    created = await cameras.create()
    change = camera_pb2.Camera(id=created.id, etag=created.etag, name="Square")
    renamed = await cameras.update(change, "name")
    expected = camera_pb2.Camera()
    expected.CopyFrom(created)
    expected.name = "Square"
    expected.etag = renamed.etag
    expected.update_time.CopyFrom(renamed.update_time)
    assert renamed == expected
    assert renamed.etag != created.etag
    assert await cameras.get(created.id) == renamed


async def test_an_update_without_a_mask_changes_what_is_set(cameras: Cameras) -> None:
    created = await cameras.create()
    updated = await cameras.update(
        camera_pb2.Camera(id=created.id, stream=stream_pb2.Stream(uri="rtsp://10.0.0.7/live"))
    )
    assert (updated.name, updated.stream.uri) == (created.name, "rtsp://10.0.0.7/live")
    assert updated.counting == created.counting


async def test_an_update_without_effect_changes_nothing(cameras: Cameras) -> None:
    created = await cameras.create()
    assert await cameras.update(created) == created
    assert await cameras.update(created, "name", "stream", "counting", "labels") == created


async def test_of_two_updates_at_once_one_wins(cameras: Cameras) -> None:
    created = await cameras.create()
    change = camera_pb2.Camera(id=created.id, etag=created.etag)
    outcomes = await asyncio.gather(
        *(
            cameras.update(camera_pb2.Camera(name=f"name {number}", id=change.id, etag=change.etag))
            for number in range(8)
        ),
        return_exceptions=True,
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, camera_pb2.Camera)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert (len(won), len(lost)) == (1, 7)
    assert {error.code() for error in lost} == {grpc.StatusCode.ABORTED}
    assert await cameras.get(created.id) == won[0]


async def test_no_update_is_lost_when_nobody_sends_etags(cameras: Cameras) -> None:
    created = await cameras.create()
    outcomes = await asyncio.gather(
        *(
            cameras.update(camera_pb2.Camera(id=created.id, labels={"turn": str(number)}))
            for number in range(8)
        ),
        return_exceptions=True,
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert {reason_of(error) for error in lost} <= {"CONCURRENT_CHANGE"}
    etags = {camera.etag for camera in outcomes if isinstance(camera, camera_pb2.Camera)}
    assert len(etags) == 8 - len(lost) > 0
    assert (await cameras.get(created.id)).etag in etags


async def test_nobody_gets_in_who_is_not_known(settings: CameraSettings) -> None:
    async with camera_server(settings) as server, connect(server.address) as channel:
        code, _ = await refused(Cameras(channel).list())
    assert code is grpc.StatusCode.UNAUTHENTICATED


async def test_pages_show_every_camera_once_and_in_order(cameras: Cameras) -> None:
    names = [f"camera {number}" for number in range(5)]
    for name in reversed(names):
        await cameras.create(a_camera(name))
    first = await cameras.list(2)
    second = await cameras.list(2, first.next_page_token)
    await cameras.create(a_camera("camera 0 again"))
    third = await cameras.list(2, second.next_page_token)
    shown = [camera.name for page in (first, second, third) for camera in page.cameras]
    assert shown == names
    assert third.next_page_token == ""
    assert (await cameras.list()).next_page_token == ""


async def test_pages_follow_the_longest_names(cameras: Cameras) -> None:
    longest = 99 * "\N{GRINNING FACE}"
    for end in "ab":
        await cameras.create(a_camera(longest + end))
    first = await cameras.list(1)
    second = await cameras.list(1, first.next_page_token)
    assert [camera.name for camera in second.cameras] == [longest + "b"]


async def test_a_restarted_server_knows_its_cameras(
    settings: CameraSettings, cameras: Cameras
) -> None:
    created = await cameras.create()
    async with (
        camera_server(settings, authenticator=Anybody()) as again,
        connect(again.address) as channel,
    ):
        assert await Cameras(channel).get(created.id) == created


async def test_health_names_what_the_context_depends_on(channel: grpc.aio.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in (
        "",
        "tally.api.camera.v1.CameraService",
        "dependency/postgresql",
        "dependency/nats",
    ):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_list_is_filtered_ordered_and_shows_the_fields_asked_for(cameras: Cameras) -> None:
    for name in ("front door", "back door", "hall"):
        await cameras.create(a_camera(name))
    filter_, order_by = 'door AND labels.site = "north"', "create_time desc"
    first = await cameras.list(1, filter_=filter_, order_by=order_by, paths=["name", "stream.uri"])
    second = await cameras.list(1, first.next_page_token, filter_=filter_, order_by=order_by)
    shown = camera_pb2.Camera(name="back door", stream=stream_pb2.Stream(uri="demo://plaza"))
    assert (list(first.cameras), second.cameras[0].name) == ([shown], "front door")
    assert second.next_page_token == ""
    for wrong in (
        cameras.list(filter_="a OR b"),
        cameras.list(order_by="id"),
        cameras.list(paths=["nothing"]),
    ):
        code, _ = await refused(wrong)
        assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_is_to_be_checked_only_changes_nothing(cameras: Cameras) -> None:
    def create(camera: camera_pb2.Camera) -> Awaitable[camera_service_pb2.CreateCameraResponse]:
        request = camera_service_pb2.CreateCameraRequest(
            camera=camera, request_id=REQUEST, validate_only=True
        )
        return cameras.stub.CreateCamera(request)

    assert (await create(a_camera("Plaza"))).camera.name == "Plaza"
    assert not (await cameras.list()).cameras
    made = await cameras.create(a_camera("Plaza"), REQUEST)
    taken = (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert await refused(create(a_camera("Plaza"))) == taken
    request = camera_service_pb2.UpdateCameraRequest(
        camera=camera_pb2.Camera(id=made.id, name="Square"), validate_only=True
    )
    changed = (await cameras.stub.UpdateCamera(request)).camera
    assert (changed.name, changed.etag != made.etag) == ("Square", True)
    assert await cameras.get(made.id) == made
    assert len((await cameras.events(made.id)).events) == 1
    other = await cameras.create(a_camera("Square"))
    taken = (grpc.StatusCode.ALREADY_EXISTS, "CAMERA_NAME_TAKEN")
    assert await refused(cameras.stub.UpdateCamera(request)) == taken
    assert await cameras.get(other.id) == other
