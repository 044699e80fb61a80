"""Cameras that fail with another detector get their former one back, over the ports in memory and in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.create_site import CreateSite
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.command.roll_back_switch import RollBackSwitch
from tally.camera.application.command.switch_model import SwitchModel
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.get_saga import GetSaga
from tally.camera.application.query.get_switch import GetSwitch
from tally.camera.application.saga.switch_watch import SwitchWatch
from tally.camera.bootstrap import message_bus
from tally.camera.domain.ai_model import Installation
from tally.camera.domain.model import Camera
from tally.camera.domain.model_switch import WATCH, WATCHED_FOR, ModelSwitch, SwitchOutcome
from tally.camera.domain.ports import Begin
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import StreamState
from tally.kernel.errors import FailedPrecondition
from tally.kernel.ids import new_id
from tally.kernel.saga import Saga, SagaNotFound, SagaState
from tests.unit.camera.examples import NETWORKS, NOON, PLAZA, SEALER, site, spec, status

WORKER = "0190a5b2-0000-7000-8000-0000000000e1"
SECOND = timedelta(seconds=1)
SWITCH = SwitchModel(
    from_detector="motion", to_detector="yolox", actor="user:1", put_back_on_failure=True,
    sites=None,
)  # fmt: skip


@dataclass
class People:
    """Those who are told: site, camera and title, once for each request."""

    told: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    refuse: Exception | None = None

    async def notify(self, request_id: str, title: str, *, site_id: str, camera_id: str) -> None:
        if self.refuse:
            raise self.refuse
        self.told[request_id] = (site_id, camera_id, title)


class World:
    """Cameras that stream with `motion`, and who watches them when they are switched."""

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self.now = NOON
        self.epoch = 0
        self.people = People()
        self.bus = message_bus(begin, lambda: self.now, SEALER, NETWORKS)

    async def streaming(self, name: str, site_id: str = "") -> Camera:
        camera = await self.create(name, site_id)
        await self.say(camera, "motion")
        return camera

    async def create(self, name: str, site_id: str = "") -> Camera:
        wanted = replace(using(spec(name), "motion"), site_id=site_id)
        camera = (await self.bus.execute(CreateCamera(spec=wanted, sites=None))).camera
        await self.bus.execute(ActivateCamera(camera_id=camera.id, sites=None))
        return camera

    async def say(self, camera: Camera, detector: str, reason: str = "") -> None:
        """Have a worker say how the stream does: it counts, or there is a reason why not."""
        self.epoch += 1
        said = replace(
            status(StreamState.UNREACHABLE if reason else StreamState.STREAMING, reason=reason),
            detector=detector,
            last_frame_time=None if reason else self.now,
        )
        command = RecordStreamStatus(camera_id=camera.id, epoch=self.epoch, status=said)
        await self.bus.execute(command)

    async def watch(self) -> Saga:
        """Do all that is due about the only switch."""
        plan = SwitchWatch(self.bus, self.people).plan
        while True:
            async with self.begin() as work:
                [saga] = await work.sagas.page(WATCH, None, "", 9, None)
            if saga.state is not SagaState.RUNNING or saga.next_time > self.now:
                return saga
            after = await plan.progress(saga, lambda: self.now)
            async with self.begin() as work:
                await work.sagas.save(after)

    async def later(self, time: timedelta = WATCHED_FOR) -> Saga:
        self.now += time
        return await self.watch()

    async def used(self, *cameras: Camera) -> Sequence[str]:
        views = [
            await self.bus.execute(GetCamera(camera_id=camera.id, sites=None)) for camera in cameras
        ]
        return [view.camera.spec.counting.detector for view in views]

    async def switch(self, switch: ModelSwitch) -> ModelSwitch:
        return await self.bus.execute(GetSwitch(switch_id=switch.id, sites=None))


def using(camera: CameraSpec, detector: str) -> CameraSpec:
    return replace(camera, counting=replace(camera.counting, detector=detector))


@pytest.fixture
async def world(begin: Begin) -> World:
    installed = [
        Installation(
            worker_id=WORKER, worker_name="one", name=name, version="1",
            classes=("person", *PLAZA.counting.classes), side=416, weights_bytes=0,
            weights_sha256="", licence="", latency=None, report_time=NOON,
        )
        for name in ("motion", "yolox", "yolox-s")
    ]  # fmt: skip
    async with begin() as work:
        await work.ai_models.record(WORKER, NOON, installed)
    return World(begin)


async def test_what_fails_is_put_back_and_told_of_and_what_counts_is_not(world: World) -> None:
    gate, hall = await world.streaming("Gate"), await world.streaming("Hall")
    switch = await world.bus.execute(SWITCH)
    assert (await world.watch()).message == "2 have not counted yet"
    await world.say(gate, "yolox", reason="no model yolox is installed")
    await world.say(hall, "yolox")
    assert (await world.later(3 * SECOND)).message == "1 have not counted yet"
    assert await world.used(gate, hall) == ["yolox", "yolox"]

    assert (await world.later()).state is SagaState.DONE
    assert await world.used(gate, hall) == ["motion", "yolox"]
    after = await world.switch(switch)
    assert [(each.name, each.outcome, each.failure) for each in after.cameras] == [
        ("Gate", SwitchOutcome.ROLLED_BACK, "no model yolox is installed"),
        ("Hall", SwitchOutcome.SWITCHED, ""),
    ]
    assert after.roll_back_time is None
    assert list(world.people.told.values()) == [
        ("", gate.id, "Gate is put back: yolox did not count")
    ]


async def test_the_people_of_each_site_are_told(world: World) -> None:
    north = (await world.bus.execute(CreateSite(spec=site("North").spec))).id
    yard = await world.streaming("Yard")
    for name in ("Gate", "Hall"):
        await world.streaming(name, north)
    await world.bus.execute(SWITCH)
    await world.later()
    assert set(world.people.told.values()) == {
        (north, "", "2 cameras are put back: yolox did not count"),
        ("", yard.id, "Yard is put back: yolox did not count"),
    }


async def test_a_camera_that_counted_once_is_left_alone_when_it_fails_later(world: World) -> None:
    gate = await world.streaming("Gate")
    await world.bus.execute(SWITCH)
    await world.say(gate, "yolox")
    assert (await world.later(SECOND)).state is SagaState.DONE
    await world.say(gate, "yolox", reason="connection refused")
    await world.later()
    assert await world.used(gate) == ["yolox"]
    assert not world.people.told


async def test_cameras_that_did_not_count_before_are_not_judged(world: World) -> None:
    gate, hall = await world.create("Gate"), await world.create("Hall")
    await world.say(hall, "motion", reason="connection refused")
    await world.bus.execute(SWITCH)
    assert (await world.later()).state is SagaState.DONE
    assert await world.used(gate, hall) == ["yolox", "yolox"]


@pytest.mark.parametrize("state", [StreamState.RESTING, StreamState.ENDED])
async def test_a_camera_that_has_nothing_to_count_is_not_judged(
    world: World, state: StreamState
) -> None:
    gate = await world.streaming("Gate")
    await world.bus.execute(SWITCH)
    said = replace(status(state), detector="", last_frame_time=None)
    await world.bus.execute(RecordStreamStatus(camera_id=gate.id, epoch=2, status=said))
    await world.later()
    assert await world.used(gate) == ["yolox"]


async def test_what_somebody_takes_in_hand_is_left_alone(world: World) -> None:
    gate, hall, yard, shop = [
        await world.streaming(name) for name in ("Gate", "Hall", "Yard", "Shop")
    ]
    switch = await world.bus.execute(SWITCH)
    await world.bus.execute(
        UpdateCamera(camera_id=gate.id, revise=lambda now: using(now, "yolox-s"), sites=None)
    )
    await world.bus.execute(DeactivateCamera(camera_id=hall.id, sites=None))
    await world.bus.execute(DeleteCamera(camera_id=yard.id, sites=None))
    await world.say(shop, "yolox")
    await world.later()
    assert await world.used(gate, hall, shop) == ["yolox-s", "yolox", "yolox"]
    assert {each.name: each.outcome for each in (await world.switch(switch)).cameras} == {
        "Gate": SwitchOutcome.CHANGED_SINCE,
        "Hall": SwitchOutcome.SWITCHED,
        "Yard": SwitchOutcome.GONE,
        "Shop": SwitchOutcome.SWITCHED,
    }
    assert not world.people.told


async def test_a_switch_that_is_rolled_back_is_not_watched_any_more(world: World) -> None:
    gate = await world.streaming("Gate")
    switch = await world.bus.execute(SWITCH)
    await world.bus.execute(RollBackSwitch(switch_id=switch.id, sites=None))
    assert (await world.watch()).state is SagaState.DONE
    [camera] = (await world.switch(switch)).cameras
    assert (camera.outcome, camera.failure) == (SwitchOutcome.ROLLED_BACK, "")
    assert await world.used(gate) == ["motion"]


async def test_a_step_that_is_done_again_changes_nothing(world: World) -> None:
    gate = await world.streaming("Gate")
    switch = await world.bus.execute(SWITCH)
    begun = await world.watch()
    world.now += WATCHED_FOR
    watch = SwitchWatch(world.bus, world.people)
    for _ in range(2):  # as after a crash before the step's end was stored
        assert await watch.check(begun) is None
        await watch.tell(begun)
    assert len(world.people.told) == 1
    [camera] = (await world.switch(switch)).cameras
    assert (camera.version, await world.used(gate)) == (4, ["motion"])


async def test_who_may_not_tell_people_puts_back_all_the_same(world: World) -> None:
    gate = await world.streaming("Gate")
    world.people.refuse = FailedPrecondition("you may not")
    await world.bus.execute(SWITCH)
    assert (await world.later()).state is SagaState.DONE
    assert await world.used(gate) == ["motion"]


async def test_nobody_watches_unasked_and_no_camera_s_saga_is_one_of_these(world: World) -> None:
    await world.streaming("Gate")
    switch = await world.bus.execute(replace(SWITCH, put_back_on_failure=False))
    assert switch.watch_end_time is None
    await world.bus.execute(RollBackSwitch(switch_id=switch.id, sites=None))
    async with world.begin() as work:
        assert not await work.sagas.page(WATCH, None, "", 9, None)
    await world.bus.execute(SWITCH)
    saga = await world.watch()
    with pytest.raises(SagaNotFound):
        await world.bus.execute(GetSaga(saga_id=saga.id, sites=None))
    with pytest.raises(SagaNotFound):
        await world.bus.execute(GetSaga(saga_id=new_id(), sites=None))
