"""New cameras in the whole mesh: seen and told of, or gone with the reason, also when servers die on the way."""

import asyncio

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tally.api.camera.v1 import provisioning_service_pb2 as messages
from tally.api.camera.v1 import saga_pb2
from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceStub
from tally.api.notification.v1.notification_service_pb2 import ListNotificationsRequest
from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from tally.stack.folder import free_port
from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.e2e.square import square
from tests.meshes import kill_and_await_health
from tests.refusals import refused

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def provision(
    channel: grpc.aio.Channel, name: str, uri: str, seconds: int = 60
) -> saga_pb2.Saga:
    request = messages.ProvisionCameraRequest(
        camera=square(name, uri), timeout=Duration(seconds=seconds)
    )
    return (await ProvisioningServiceStub(channel).ProvisionCamera(request)).saga


async def end_of(channel: grpc.aio.Channel, saga: saga_pb2.Saga) -> saga_pb2.Saga:
    """The saga when it is over."""
    request = messages.GetSagaRequest(saga_id=saga.id)
    on_the_way = (saga_pb2.SAGA_STATE_RUNNING, saga_pb2.SAGA_STATE_COMPENSATING)
    async with asyncio.timeout(60):
        while saga.state in on_the_way:
            await asyncio.sleep(0.1)
            saga = (await ProvisioningServiceStub(channel).GetSaga(request)).saga
    return saga


async def told_of(channel: grpc.aio.Channel, camera_id: str) -> list[str]:
    answer = await NotificationServiceStub(channel).ListNotifications(ListNotificationsRequest())
    return [each.title for each in answer.notifications if each.camera_id == camera_id]


async def test_a_camera_that_shows_something_stays_and_another_does_not(
    channel: grpc.aio.Channel, cameras: Cameras
) -> None:
    port = free_port()
    good, bad = await asyncio.gather(
        provision(channel, "Seen", "demo://plaza"),
        provision(channel, "Unseen", f"rtsp://127.0.0.1:{port}/yard", seconds=4),
    )
    good, bad = await asyncio.gather(end_of(channel, good), end_of(channel, bad))
    assert good.state == saga_pb2.SAGA_STATE_DONE
    assert await told_of(channel, good.camera_id) == ["The camera Seen is in service"]
    assert bad.state == saga_pb2.SAGA_STATE_UNDONE
    assert bad.reason == (
        "it took too long: no frame has come from the camera: "
        f"rtsp://127.0.0.1:{port}/yard refused the connection; check address and port"
    )
    assert await told_of(channel, bad.camera_id) == []
    assert (await refused(cameras.get(bad.camera_id)))[1] == "CAMERA_NOT_FOUND"
    await cameras.delete(good.camera_id)


async def test_servers_that_die_on_the_way_hold_nothing_up(
    mesh: Mesh, channel: grpc.aio.Channel, cameras: Cameras
) -> None:
    saga = await provision(channel, "Survivor", "demo://plaza")
    await kill_and_await_health(mesh, mesh.part("camera"), mesh.part("notification"))
    assert (await end_of(channel, saga)).state == saga_pb2.SAGA_STATE_DONE
    assert await told_of(channel, saga.camera_id) == ["The camera Survivor is in service"]
    await cameras.delete(saga.camera_id)
