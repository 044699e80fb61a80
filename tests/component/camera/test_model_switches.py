"""`tally models switch` and back against the context's own server, and what its contract refuses."""

import grpc
import pytest

from tally.api.camera.v1 import ai_model_pb2, camera_pb2
from tally.api.camera.v1 import model_switch_service_pb2 as messages
from tally.api.camera.v1.model_switch_service_pb2_grpc import ModelSwitchServiceStub
from tally.kernel.grpc.client import connect
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera
from tests.component.camera.conftest import Tally
from tests.component.camera.reporting import report
from tests.conftest import Background
from tests.refusals import refused, violated


def with_motion(name: str) -> camera_pb2.Camera:
    camera = a_camera(name)
    camera.counting.detector = "motion"
    return camera


NANO = ai_model_pb2.InstalledModel(name="yolox-nano", classes=["person"])


async def create(address: str, nats_url: str, *names: str) -> None:
    async with connect(address) as channel:
        await report(nats_url, channel, NANO)
        for name in names:
            await Cameras(channel).create(with_motion(name))


def test_a_switch_is_tried_done_listed_and_rolled_back(
    tally: Tally, address: str, nats_url: str, background: Background
) -> None:
    background.run(create(address, nats_url, "Gate", "Hall"))
    tried = tally("models", "switch", "motion", "yolox-nano", "--dry-run")
    assert tried[-1] == "2 would use yolox-nano; nothing is changed"
    tally("sites", "create", "North", "--time-zone", "UTC")
    said = "\n".join(
        tally("models", "switch", "motion", "yolox-nano", "--site", "North", fails=True)
    )
    assert "no camera that is selected and that you may change uses motion" in said
    done = tally("models", "switch", "motion", "yolox-nano", "--put-back-on-failure")
    assert done[-3] == "2 use yolox-nano from now on"
    assert done[-2].startswith("put back at ")
    switch_id = done[-1].split()[-1]
    assert "yolox-nano" in "\n".join(tally("cameras", "show", "Gate"))
    [_, _, listed] = tally("models", "switches")
    assert listed.split()[:4] == [switch_id, "motion", "yolox-nano", "2"]
    rolled = tally("models", "rollback", switch_id)
    assert [line.split()[0] for line in rolled if line.endswith("put back")] == ["Gate", "Hall"]
    assert "motion" in "\n".join(tally("cameras", "show", "Gate"))


async def test_a_camera_s_history_tells_of_a_switch(
    channel: grpc.aio.Channel, nats_url: str
) -> None:
    await report(nats_url, channel, NANO)
    cameras, stub = Cameras(channel), ModelSwitchServiceStub(channel)
    created = await cameras.create(with_motion("Gate"))
    request = messages.SwitchModelRequest(from_detector="motion", to_detector="yolox-nano")
    switch = (await stub.SwitchModel(request)).model_switch
    assert switch.actor == "user:administrator"
    [changed, _] = (await cameras.events(created.id)).events
    assert changed.version == switch.cameras[0].version
    assert changed.counting_changed.counting.detector == "yolox-nano"
    assert changed.actor == switch.actor
    found = await cameras.list(filter_="counting.detector = yolox-nano")
    assert [camera.id for camera in found.cameras] == [created.id]
    shown = await stub.GetSwitch(messages.GetSwitchRequest(switch_id=switch.id))
    assert shown.model_switch == switch


@pytest.mark.parametrize(
    "request_",
    [
        messages.SwitchModelRequest(from_detector="motion", to_detector="motion"),
        messages.SwitchModelRequest(from_detector="motion"),
        messages.SwitchModelRequest(from_detector="motion", to_detector="YOLO X"),
        messages.SwitchModelRequest(from_detector="a", to_detector="b", filter="odd:"),
    ],
)
async def test_bad_input_is_refused(
    channel: grpc.aio.Channel, request_: messages.SwitchModelRequest
) -> None:
    assert await violated(ModelSwitchServiceStub(channel).SwitchModel(request_))


async def test_an_unknown_switch_is_told(channel: grpc.aio.Channel) -> None:
    request = messages.RollBackSwitchRequest(switch_id=UNKNOWN_ID)
    call = ModelSwitchServiceStub(channel).RollBackSwitch(request)
    assert await refused(call) == (grpc.StatusCode.NOT_FOUND, "SWITCH_NOT_FOUND")
