"""Switching detectors and back, over the ports in memory and in PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from tally.camera.application.command import switch_model
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.create_site import CreateSite
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.roll_back_switch import RollBackSwitch
from tally.camera.application.command.switch_model import SwitchModel
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.get_switch import GetSwitch
from tally.camera.application.query.list_switches import ListSwitches
from tally.camera.bootstrap import message_bus
from tally.camera.domain.ai_model import Installation
from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.errors import (
    ClassesMissing,
    DetectorNotInstalled,
    NothingToSwitch,
    SwitchNotFound,
    TooManyCameras,
)
from tally.camera.domain.listing import Condition, Property
from tally.camera.domain.model import Camera
from tally.camera.domain.model_switch import ModelSwitch, SwitchOutcome
from tally.camera.domain.ports import Begin, UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.kernel.idempotency import CreateRequest, RequestIdReused
from tally.kernel.ids import new_id
from tally.kernel.message_bus import MessageBus
from tests.unit.camera.examples import NETWORKS, NOON, PLAZA, SEALER, site, spec

WORKER = "0190a5b2-0000-7000-8000-0000000000e1"
NORTH = Condition(Property.TEXT, "north")
TO_YOLOX = SwitchModel(from_detector="motion", to_detector="yolox", actor="user:1", sites=None)


@dataclass
class World:
    """The use cases, and the cameras that they were asked for."""

    bus: MessageBus[UnitOfWork]

    async def create(self, name: str, detector: str = "motion", site_id: str = "") -> Camera:
        wanted = replace(using(spec(name), detector), site_id=site_id)
        return (await self.bus.execute(CreateCamera(spec=wanted, sites=None))).camera

    async def use(self, camera: Camera, detector: str) -> None:
        """What an operator does by hand."""
        command = UpdateCamera(
            camera_id=camera.id, revise=lambda present: using(present, detector), sites=None
        )
        await self.bus.execute(command)

    async def used(self, *cameras: Camera) -> Sequence[str]:
        """The detectors of these cameras, as the read model has them."""
        views = [
            await self.bus.execute(GetCamera(camera_id=camera.id, sites=None)) for camera in cameras
        ]
        return [view.camera.spec.counting.detector for view in views]


def using(camera: CameraSpec, detector: str) -> CameraSpec:
    counting: CountingConfig = replace(camera.counting, detector=detector)
    return replace(camera, counting=counting)


def model(name: str) -> Installation:
    """A model that tells apart what most cameras count."""
    return Installation(
        worker_id=WORKER,
        worker_name="one",
        name=name,
        version="1",
        classes=("person", *PLAZA.counting.classes),
        side=416,
        weights_bytes=0,
        weights_sha256="",
        licence="",
        latency=None,
        report_time=NOON,
    )


def outcomes(switch: ModelSwitch) -> dict[str, tuple[SwitchOutcome, int]]:
    return {camera.name: (camera.outcome, camera.version) for camera in switch.cameras}


@pytest.fixture
async def world(begin: Begin) -> World:
    async with begin() as work:
        installed = [model(name) for name in ("motion", "yolox", "yolox-s")]
        await work.ai_models.record(WORKER, NOON, installed)
    return World(message_bus(begin, lambda: NOON, SEALER, NETWORKS))


async def test_all_that_use_a_detector_get_the_other_one_and_are_put_back(world: World) -> None:
    gate, hall, lobby, yard, shop = [
        await world.create(name, detector)
        for name, detector in (
            ("Gate", "motion"),
            ("Hall", "motion"),
            ("Lobby", "yolox"),
            ("Yard", "motion"),
            ("Shop", ""),
        )
    ]
    switch = await world.bus.execute(TO_YOLOX)
    done = (SwitchOutcome.SWITCHED, 2)
    assert outcomes(switch) == {"Gate": done, "Hall": done, "Yard": done}
    assert await world.used(gate, hall, lobby, yard, shop) == ["yolox"] * 4 + [""]
    assert await world.bus.execute(GetSwitch(switch_id=switch.id, sites=None)) == switch

    await world.use(hall, "yolox-s")
    await world.bus.execute(DeleteCamera(camera_id=yard.id, sites=None))
    back = RollBackSwitch(switch_id=switch.id, sites=None)
    rolled = await world.bus.execute(back)
    assert outcomes(rolled) == {
        "Gate": (SwitchOutcome.ROLLED_BACK, 3),
        "Hall": (SwitchOutcome.CHANGED_SINCE, 2),
        "Yard": (SwitchOutcome.GONE, 2),
    }
    assert rolled.roll_back_time == NOON
    assert await world.used(gate, hall, lobby) == ["motion", "yolox-s", "yolox"]

    await world.use(gate, "yolox")  # what was put back once is nobody else's any more
    assert await world.bus.execute(back) == rolled
    assert await world.used(gate) == ["yolox"]


async def test_who_may_act_at_some_sites_switches_and_sees_these_only(world: World) -> None:
    north, south = [
        (await world.bus.execute(CreateSite(spec=site(name).spec))).id
        for name in ("North", "South")
    ]
    gate, hall = (
        await world.create("Gate", site_id=north),
        await world.create("Hall", site_id=south),
    )
    nowhere = await world.create("Yard")
    at_north, at_south = frozenset({north}), frozenset({south})
    switch = await world.bus.execute(replace(TO_YOLOX, sites=at_north))
    assert await world.used(gate, hall, nowhere) == ["yolox", "motion", "motion"]
    for elsewhere in (at_south, frozenset[str]()):
        with pytest.raises(SwitchNotFound):
            await world.bus.execute(GetSwitch(switch_id=switch.id, sites=elsewhere))
        with pytest.raises(SwitchNotFound):
            await world.bus.execute(RollBackSwitch(switch_id=switch.id, sites=elsewhere))
        assert not (await world.bus.execute(ListSwitches(sites=elsewhere))).switches
    assert (await world.bus.execute(ListSwitches(sites=at_north))).switches == [switch]

    both = await world.bus.execute(TO_YOLOX)
    back = await world.bus.execute(RollBackSwitch(switch_id=both.id, sites=at_south))
    assert outcomes(back) == {"Hall": (SwitchOutcome.ROLLED_BACK, 3)}
    assert await world.used(gate, hall, nowhere) == ["yolox", "motion", "yolox"]
    with pytest.raises(NothingToSwitch):
        await world.bus.execute(replace(TO_YOLOX, sites=at_north))


async def test_a_repeated_request_switches_once_and_a_tried_one_never(world: World) -> None:
    gate = await world.create("Gate")
    tried = await world.bus.execute(replace(TO_YOLOX, validate_only=True))
    assert [camera.camera_id for camera in tried.cameras] == [gate.id]
    assert await world.used(gate) == ["motion"]
    with pytest.raises(SwitchNotFound):
        await world.bus.execute(GetSwitch(switch_id=tried.id, sites=None))

    named = replace(TO_YOLOX, request=CreateRequest(new_id(), b"once"))
    first = await world.bus.execute(named)
    await world.use(gate, "motion")
    assert await world.bus.execute(named) == first
    assert await world.used(gate) == ["motion"]
    with pytest.raises(RequestIdReused):
        await world.bus.execute(
            replace(named, request=replace(named.request, digest=b"other content"))
        )


async def test_a_switch_of_too_many_changes_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras = [await world.create(name) for name in ("North gate", "North hall", "South")]
    monkeypatch.setattr(switch_model, "MAX_CAMERAS", 2)
    with pytest.raises(TooManyCameras):
        await world.bus.execute(TO_YOLOX)
    assert await world.used(*cameras) == ["motion"] * 3
    await world.bus.execute(replace(TO_YOLOX, conditions=(NORTH,)))
    assert await world.used(*cameras) == ["yolox", "yolox", "motion"]


async def test_of_two_equal_switches_at_once_one_finds_nothing_left(world: World) -> None:
    cameras = [await world.create(name) for name in ("Gate", "Hall", "Yard")]
    ended = await asyncio.gather(
        world.bus.execute(TO_YOLOX), world.bus.execute(TO_YOLOX), return_exceptions=True
    )
    [switch] = [each for each in ended if isinstance(each, ModelSwitch)]
    assert [type(each) for each in ended if each is not switch] == [NothingToSwitch]
    assert {camera.version for camera in switch.cameras} == {2}
    assert await world.used(*cameras) == ["yolox"] * 3


async def test_switches_are_listed_newest_first(world: World) -> None:
    await world.create("Gate")
    first = await world.bus.execute(TO_YOLOX)
    second = await world.bus.execute(replace(TO_YOLOX, from_detector="yolox", to_detector="motion"))
    page = await world.bus.execute(ListSwitches(page_size=1, sites=None))
    assert page.switches == [second]
    rest = await world.bus.execute(
        ListSwitches(page_size=1, token=page.next_page_token, sites=None)
    )
    assert rest.switches == [first]
    assert not rest.next_page_token


async def test_a_detector_that_no_worker_has_is_refused(world: World) -> None:
    gate = await world.create("Gate")
    with pytest.raises(DetectorNotInstalled):
        await world.bus.execute(replace(TO_YOLOX, to_detector="yolox-x"))
    assert await world.used(gate) == ["motion"]


async def test_a_detector_that_cannot_tell_what_a_camera_counts_is_refused(world: World) -> None:
    gate, yard = await world.create("Gate"), await world.create("Yard")

    def counting_trucks(present: CameraSpec) -> CameraSpec:
        return replace(present, counting=replace(present.counting, classes=("person", "truck")))

    await world.bus.execute(UpdateCamera(camera_id=yard.id, revise=counting_trucks, sites=None))
    with pytest.raises(ClassesMissing, match="Yard"):
        await world.bus.execute(TO_YOLOX)
    assert await world.used(gate, yard) == ["motion", "motion"]
