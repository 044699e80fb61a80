"""How cameras do is told at once and as it changes."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime

import grpc
import pytest

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.camera.v1 import status_service_pb2 as messages
from tally.api.camera.v1.status_service_pb2_grpc import StatusServiceStub
from tally.api.worker.v1 import events_pb2
from tally.kernel.bus import WORKER, Bus, Envelope
from tally.kernel.ids import new_id
from tests.component.camera.calls import UNKNOWN_ID, Cameras
from tests.refusals import refused

ACTIVE, INACTIVE = camera_pb2.CAMERA_STATE_ACTIVE, camera_pb2.CAMERA_STATE_INACTIVE


@pytest.fixture
def cameras(channel: grpc.aio.Channel) -> Cameras:
    return Cameras(channel)


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


async def changes(
    channel: grpc.aio.Channel, *camera_ids: str
) -> AsyncGenerator[messages.WatchStatusResponse, None]:
    call = StatusServiceStub(channel).WatchStatus(
        messages.WatchStatusRequest(camera_ids=camera_ids)
    )
    try:
        async for change in call:
            yield change
    finally:
        call.cancel()


async def unreachable(bus: Bus, camera_id: str) -> stream_pb2.StreamStatus:
    """Have a worker say that it cannot reach a camera."""
    status = stream_pb2.StreamStatus(
        state=stream_pb2.STREAM_STATE_UNREACHABLE, reason="no route to 10.0.0.7"
    )
    status.update_time.FromDatetime(datetime(2026, 3, 1, 12, tzinfo=UTC))
    event = events_pb2.StreamStateChanged(camera_id=camera_id, epoch=1, status=status)
    envelope = Envelope.of(
        event,
        id=new_id(),
        source="tally/worker",
        subject=camera_id,
        time=status.update_time.ToDatetime(UTC),
    )
    await bus.publish([(WORKER.subject("StreamStateChanged", camera_id), envelope)])
    return status


async def test_a_watcher_is_told_of_all_and_then_of_what_changes(
    channel: grpc.aio.Channel, cameras: Cameras, bus: Bus
) -> None:
    made = await cameras.create()
    watch = changes(channel)
    (first,) = (await anext(watch)).statuses
    assert (first.camera_id, first.name, first.state) == (made.id, made.name, INACTIVE)
    await cameras.activate(made.id)
    (active,) = (await anext(watch)).statuses
    assert (active.state, active.HasField("stream_status")) == (ACTIVE, False)
    said = await unreachable(bus, made.id)
    (dead,) = (await anext(watch)).statuses
    assert dead.stream_status == said
    await cameras.delete(made.id)
    assert await anext(watch) == messages.WatchStatusResponse(gone_camera_ids=[made.id])
    await watch.aclose()


async def test_a_watcher_may_ask_for_some(channel: grpc.aio.Channel, cameras: Cameras) -> None:
    _, wanted = await cameras.create(), await cameras.create()
    watch = changes(channel, wanted.id.upper())
    assert [each.camera_id for each in (await anext(watch)).statuses] == [wanted.id]
    await watch.aclose()


async def test_one_cameras_status_is_told(
    channel: grpc.aio.Channel, cameras: Cameras, bus: Bus
) -> None:
    stub = StatusServiceStub(channel)
    made = await cameras.create()
    request = messages.GetCameraStatusRequest(camera_id=made.id)
    status = (await stub.GetCameraStatus(request)).status
    assert (status.camera_id, status.state) == (made.id, INACTIVE)
    unknown = messages.GetCameraStatusRequest(camera_id=UNKNOWN_ID)
    assert await refused(stub.GetCameraStatus(unknown)) == (
        grpc.StatusCode.NOT_FOUND,
        "CAMERA_NOT_FOUND",
    )
