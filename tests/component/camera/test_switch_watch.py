"""A switched camera that does not count is put back by the context's own server, and people are told over gRPC."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest

from tally.api.camera.v1 import model_switch_pb2, stream_pb2
from tally.api.camera.v1 import model_switch_service_pb2 as messages
from tally.api.camera.v1.model_switch_service_pb2_grpc import ModelSwitchServiceStub
from tally.api.worker.v1 import events_pb2
from tally.camera.application.command import switch_model
from tally.camera.settings import CameraSettings
from tally.kernel.bus import WORKER, Bus, Envelope
from tally.kernel.clock import utc_now
from tally.kernel.ids import new_id
from tests.component.camera.calls import Cameras
from tests.component.camera.reporting import report
from tests.component.camera.test_model_switches import NANO, with_motion
from tests.people import People, people


@pytest.fixture
async def told() -> AsyncIterator[People]:
    async with people() as told:
        yield told


@pytest.fixture
def settings(settings: CameraSettings, told: People) -> CameraSettings:
    return settings.model_copy(update=told.settings)


async def say(nats_url: str, camera_id: str, status: stream_pb2.StreamStatus) -> None:
    """Tell, as the pool does, how a worker finds the camera."""
    now = utc_now()
    status.update_time.FromDatetime(now)
    event = events_pb2.StreamStateChanged(camera_id=camera_id, epoch=1, status=status)
    envelope = Envelope.of(event, id=new_id(), source="test", subject=camera_id, time=now)
    async with Bus.connect(nats_url, name="test") as bus:
        await bus.publish([(WORKER.subject("StreamStateChanged", camera_id), envelope)])


async def test_a_camera_that_does_not_count_is_put_back_and_people_are_told(
    channel: grpc.aio.Channel, nats_url: str, told: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch_model, "WATCHED_FOR", timedelta(seconds=1))
    await report(nats_url, channel, NANO)
    cameras, stub = Cameras(channel), ModelSwitchServiceStub(channel)
    gate = await cameras.create(with_motion("Gate"))
    await cameras.activate(gate.id)
    status = stream_pb2.StreamStatus(
        state=stream_pb2.STREAM_STATE_STREAMING, detector="motion", frames_processed=9
    )
    status.last_frame_time.FromDatetime(utc_now())
    await say(nats_url, gate.id, status)
    async with asyncio.timeout(20):
        while not (await cameras.get(gate.id)).stream_status.frames_processed:
            await asyncio.sleep(0.05)

    request = messages.SwitchModelRequest(
        from_detector="motion", to_detector=NANO.name, put_back_on_failure=True
    )
    switch = (await stub.SwitchModel(request)).model_switch
    assert switch.HasField("watch_end_time")
    async with asyncio.timeout(20):
        while not told.sent:
            await asyncio.sleep(0.05)
    after = (await stub.GetSwitch(messages.GetSwitchRequest(switch_id=switch.id))).model_switch
    [camera] = after.cameras
    assert camera.outcome == model_switch_pb2.SWITCH_OUTCOME_ROLLED_BACK
    assert camera.failure.startswith("no frame was counted within")
    assert after.put_back_count == 1
    assert (await cameras.get(gate.id)).counting.detector == "motion"
    assert [(sent.camera_id, sent.title) for sent in told.sent.values()] == [
        (gate.id, "Gate is put back: yolox-nano did not count")
    ]
