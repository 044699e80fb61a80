"""Provisioning as callers see it: what a worker says over NATS moves the saga, and people are told over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tally.api.camera.v1 import camera_pb2, saga_pb2, stream_pb2
from tally.api.camera.v1 import provisioning_service_pb2 as messages
from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceStub
from tally.api.worker.v1 import events_pb2
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.bus import WORKER, Bus, Envelope
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tests.callers import Anybody, Keeper
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera
from tests.people import People, people
from tests.refusals import refused

if TYPE_CHECKING:
    from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceAsyncStub

    Stub = ProvisioningServiceAsyncStub
else:
    Stub = Any


@pytest.fixture
async def told() -> AsyncIterator[People]:
    async with people() as told:
        yield told


@pytest.fixture
def settings(settings: CameraSettings, told: People) -> CameraSettings:
    return settings.model_copy(update=told.settings)


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> Stub:
    return ProvisioningServiceStub(channel)


async def provision(stub: Stub, *, seconds: int = 60, request_id: str = "") -> saga_pb2.Saga:
    request = messages.ProvisionCameraRequest(
        camera=a_camera("Gate"), timeout=Duration(seconds=seconds), request_id=request_id
    )
    return (await stub.ProvisionCamera(request)).saga


async def get(stub: Stub, saga_id: str) -> saga_pb2.Saga:
    return (await stub.GetSaga(messages.GetSagaRequest(saga_id=saga_id))).saga


async def until(stub: Stub, saga_id: str, state: int) -> saga_pb2.Saga:
    async with asyncio.timeout(20):
        while (saga := await get(stub, saga_id)).state != state:
            await asyncio.sleep(0.05)
    return saga


async def until_active(channel: grpc.aio.Channel, camera_id: str) -> None:
    """Return when what workers say of the camera is listened to."""
    async with asyncio.timeout(20):
        while (await Cameras(channel).get(camera_id)).state != camera_pb2.CAMERA_STATE_ACTIVE:
            await asyncio.sleep(0.05)


async def say_streaming(nats_url: str, camera_id: str) -> None:
    """Tell, as the pool does, that a worker sees the camera."""
    now = datetime.now(UTC)
    status = stream_pb2.StreamStatus(state=stream_pb2.STREAM_STATE_STREAMING)
    status.update_time.FromDatetime(now)
    status.last_frame_time.FromDatetime(now)
    event = events_pb2.StreamStateChanged(camera_id=camera_id, epoch=1, status=status)
    envelope = Envelope.of(event, id=new_id(), source="test", subject=camera_id, time=now)
    async with Bus.connect(nats_url, name="test") as bus:
        await bus.publish([(WORKER.subject("StreamStateChanged", camera_id), envelope)])


async def test_a_camera_that_is_seen_stays_and_people_are_told(
    stub: Stub, channel: grpc.aio.Channel, nats_url: str, told: People
) -> None:
    saga = await provision(stub)
    assert (saga.state, saga.camera_name) == (saga_pb2.SAGA_STATE_RUNNING, "Gate")
    await until_active(channel, saga.camera_id)
    await say_streaming(nats_url, saga.camera_id)
    done = await until(stub, saga.id, saga_pb2.SAGA_STATE_DONE)
    assert done.steps_done == len(done.steps)
    assert (await Cameras(channel).get(saga.camera_id)).name == saga.camera_name
    assert [sent.camera_id for sent in told.sent.values()] == [saga.camera_id]
    assert told.senders == {"Bearer token of key"}


async def test_a_camera_that_nobody_sees_is_deleted(
    stub: Stub, channel: grpc.aio.Channel, told: People
) -> None:
    request_id = str(uuid4())
    saga = await provision(stub, seconds=1, request_id=request_id)
    assert (await provision(stub, seconds=1, request_id=request_id)).id == saga.id
    undone = await until(stub, saga.id, saga_pb2.SAGA_STATE_UNDONE)
    assert undone.reason == "it took too long: no worker has taken the camera"
    assert undone.steps_done == 0
    assert (await refused(Cameras(channel).get(saga.camera_id)))[1] == "CAMERA_NOT_FOUND"
    assert told.sent == {}


async def test_who_may_not_tell_people_parks_and_goes_on_once_they_may(
    stub: Stub, channel: grpc.aio.Channel, nats_url: str, told: People
) -> None:
    told.refusing = True
    saga = await provision(stub)
    await until_active(channel, saga.camera_id)
    await say_streaming(nats_url, saga.camera_id)
    parked = await until(stub, saga.id, saga_pb2.SAGA_STATE_PARKED)
    assert (parked.message, parked.steps_done) == ("people were not told: you may not", 3)
    told.refusing = False
    await stub.RetrySaga(messages.RetrySagaRequest(saga_id=saga.id))
    await until(stub, saga.id, saga_pb2.SAGA_STATE_DONE)
    assert told.sent.keys() == {saga.id}


async def test_refusals_say_why_and_change_nothing(stub: Stub) -> None:
    saga = await provision(stub)
    for call, reason in (
        (stub.GetSaga(messages.GetSagaRequest(saga_id=UNKNOWN_ID)), "SAGA_NOT_FOUND"),
        (stub.RetrySaga(messages.RetrySagaRequest(saga_id=saga.id)), "SAGA_NOT_PARKED"),
        (stub.AbandonSaga(messages.AbandonSagaRequest(saga_id=saga.id)), "SAGA_NOT_PARKED"),
        (stub.ListSagas(messages.ListSagasRequest(page_token="x")), "PAGE_TOKEN_INVALID"),
        (provision(stub), "CAMERA_NAME_TAKEN"),
        (provision(stub, seconds=7200), "INVALID_INPUT"),
    ):
        assert (await refused(call))[1] == reason
    listed = (await stub.ListSagas(messages.ListSagasRequest())).sagas
    assert [each.id for each in listed] == [saga.id]
    parked = messages.ListSagasRequest(state=saga_pb2.SAGA_STATE_PARKED)
    assert not (await stub.ListSagas(parked)).sagas


async def test_sites_bound_who_provisions(settings: CameraSettings) -> None:
    held = {"camera:write": frozenset({UNKNOWN_ID}), "camera:read": frozenset({UNKNOWN_ID})}
    async with (
        camera_server(settings, authenticator=Anybody()) as server,
        camera_server(settings, authenticator=Keeper(held)) as keepers,
        connect(server.address) as channel,
        connect(keepers.address) as keepers_channel,
    ):
        saga = await provision(ProvisioningServiceStub(channel))
        keeper = ProvisioningServiceStub(keepers_channel)
        for call, reason in (
            (provision(keeper), "SITE_FORBIDDEN"),
            (get(keeper, saga.id), "SAGA_NOT_FOUND"),
        ):
            assert (await refused(call))[1] == reason
        assert not (await keeper.ListSagas(messages.ListSagasRequest())).sagas
