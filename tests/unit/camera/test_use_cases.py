"""The use cases over the ports in memory: what they decide that neither domain nor database decides."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.count_cameras import CountCameras
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.list_cameras import DEFAULT_PAGE_SIZE, ListCameras
from tally.camera.bootstrap import message_bus
from tally.camera.domain.errors import (
    CameraNameTaken,
    CameraNotFound,
    EtagMismatch,
)
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.domain.model import CameraState, CameraView
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream
from tally.kernel.clock import utc_now
from tally.kernel.errors import InvalidInput
from tally.kernel.idempotency import UNNAMED, CreateRequest, RequestIdReused
from tally.kernel.message_bus import MessageBus
from tally.kernel.stream_address import StreamNetworks
from tests.unit.camera.examples import LATER, NETWORKS, NOON, PLAZA, SEALER, spec, status
from tests.unit.camera.fakes import Memory

Create = Callable[..., Awaitable[CameraView]]

REQUEST = CreateRequest("0190a5b2-0000-7000-8000-000000000001", b"plaza")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> Callable[[], datetime]:
    minutes = iter(range(1_000))
    return lambda: NOON + timedelta(minutes=next(minutes))


@pytest.fixture
def bus(memory: Memory, clock: Callable[[], datetime]) -> MessageBus[UnitOfWork]:
    return message_bus(memory.begin, clock, SEALER, NETWORKS)


@pytest.fixture
def create(bus: MessageBus[UnitOfWork]) -> Create:
    async def execute(spec: CameraSpec, request: CreateRequest = UNNAMED) -> CameraView:
        return await bus.execute(CreateCamera(spec=spec, request=request, sites=None))

    return execute


def get(camera_id: str) -> GetCamera:
    return GetCamera(camera_id=camera_id, sites=None)


def rename(camera_id: str, name: str, etag: str = "") -> UpdateCamera:
    return UpdateCamera(
        camera_id=camera_id,
        revise=lambda present: replace(present, name=name),
        etag=etag,
        sites=None,
    )


async def test_a_repeated_request_creates_one_camera(memory: Memory, create: Create) -> None:
    first = await create(PLAZA, REQUEST)
    assert await create(PLAZA, REQUEST) == first
    assert len(memory.events) == 1


async def test_a_repeated_request_shows_the_camera_as_it_is_now(
    bus: MessageBus[UnitOfWork], create: Create
) -> None:
    first = await create(PLAZA, REQUEST)
    changed = await bus.execute(rename(first.camera.id, "Square"))
    assert await create(PLAZA, REQUEST) == changed
    await bus.execute(DeleteCamera(camera_id=first.camera.id, sites=None))
    with pytest.raises(CameraNotFound):
        await create(PLAZA, REQUEST)


async def test_a_request_id_stands_for_one_content(memory: Memory, create: Create) -> None:
    await create(PLAZA, REQUEST)
    with pytest.raises(RequestIdReused):
        await create(spec("Square"), replace(REQUEST, digest=b"square"))
    assert len(memory.events) == 1


async def test_a_request_that_failed_does_not_use_up_its_id(create: Create) -> None:
    await create(PLAZA)
    with pytest.raises(CameraNameTaken):
        await create(PLAZA, REQUEST)
    view = await create(spec("Square"), REQUEST)
    assert view.camera.spec.name == "Square"


async def test_a_stale_etag_ends_every_command(bus: MessageBus[UnitOfWork], create: Create) -> None:
    view = await create(PLAZA)
    id_, stale = view.camera.id, view.camera.etag
    current = await bus.execute(ActivateCamera(camera_id=id_, etag=stale, sites=None))
    for command in (
        *(
            kind(camera_id=id_, etag=stale, sites=None)
            for kind in (ActivateCamera, DeactivateCamera, DeleteCamera)
        ),
        rename(id_, "Square", stale),
    ):
        with pytest.raises(EtagMismatch):
            await bus.execute(command)
    assert await bus.execute(get(id_)) == current


async def test_an_update_without_effect_keeps_the_etag(
    memory: Memory, bus: MessageBus[UnitOfWork], create: Create
) -> None:
    view = await create(PLAZA)
    assert await bus.execute(rename(view.camera.id, PLAZA.name)) == view
    assert len(memory.events[view.camera.id]) == 1


async def test_a_camera_that_is_not_counted_has_no_stream_status(
    bus: MessageBus[UnitOfWork], create: Create
) -> None:
    id_ = (await create(PLAZA)).camera.id
    said = RecordStreamStatus(camera_id=id_, epoch=1, status=status())
    await bus.execute(said)
    assert (await bus.execute(get(id_))).stream_status is None
    await bus.execute(ActivateCamera(camera_id=id_, sites=None))
    await bus.execute(said)
    assert (await bus.execute(get(id_))).stream_status == status()
    deactivated = await bus.execute(DeactivateCamera(camera_id=id_, sites=None))
    assert deactivated.stream_status is None
    await bus.execute(replace(said, status=status(time=LATER + timedelta(seconds=1))))
    assert (await bus.execute(get(id_))).stream_status is None


async def test_cameras_are_counted_by_their_state(
    bus: MessageBus[UnitOfWork], create: Create
) -> None:
    ids = [(await create(spec(name))).camera.id for name in "abc"]
    await bus.execute(ActivateCamera(camera_id=ids[0], sites=None))
    await bus.execute(DeleteCamera(camera_id=ids[1], sites=None))
    counted = await bus.execute(CountCameras())
    assert counted == {CameraState.ACTIVE: 1, CameraState.INACTIVE: 1}


async def test_pages_follow_one_another_until_all_is_shown(
    bus: MessageBus[UnitOfWork], create: Create
) -> None:
    names = [f"camera {number:02}" for number in range(7)]
    for name in reversed(names):
        await create(spec(name))
    shown, token = [], ""
    for expected in (3, 3, 1):
        page = await bus.execute(ListCameras(page_size=3, token=token, sites=None))
        assert len(page.cameras) == expected
        shown += [view.camera.spec.name for view in page.cameras]
        token = page.next_page_token
    assert (shown, token) == (names, "")
    assert (await bus.execute(ListCameras(page_size=7, sites=None))).next_page_token == ""


async def test_a_page_has_50_cameras_unless_asked_otherwise(
    bus: MessageBus[UnitOfWork], create: Create
) -> None:
    for number in range(DEFAULT_PAGE_SIZE + 1):
        await create(spec(f"camera {number}"))
    assert len((await bus.execute(ListCameras(sites=None))).cameras) == 50


async def test_a_token_that_is_none_is_refused(bus: MessageBus[UnitOfWork]) -> None:
    with pytest.raises(InvalidInput) as caught:
        await bus.execute(ListCameras(token="nonsense", sites=None))
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


async def test_a_token_belongs_to_one_list(bus: MessageBus[UnitOfWork], create: Create) -> None:
    for name in "ab":
        await create(spec(name))
    token = (await bus.execute(ListCameras(page_size=1, sites=None))).next_page_token
    for other in (
        CameraQuery(descending=True),
        CameraQuery(order=Order.CREATE_TIME),
        CameraQuery((Condition(Property.NAME, "b"),)),
    ):
        with pytest.raises(InvalidInput) as caught:
            await bus.execute(ListCameras(query=other, page_size=1, token=token, sites=None))
        assert caught.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("uri", ["http://169.254.169.254/latest", "rtsp://127.0.0.1/live"])
async def test_a_stream_comes_from_where_cameras_may_be(
    memory: Memory, bus: MessageBus[UnitOfWork], create: Create, uri: str
) -> None:
    forbidden = replace(PLAZA, stream=Stream(uri))
    with pytest.raises(InvalidInput) as caught:
        await create(forbidden)
    assert [violation.field for violation in caught.value.violations] == ["camera.stream.uri"]
    view = await create(PLAZA)
    with pytest.raises(InvalidInput):
        await bus.execute(
            UpdateCamera(camera_id=view.camera.id, revise=lambda _: forbidden, sites=None)
        )
    narrower = message_bus(memory.begin, utc_now, SEALER, StreamNetworks("10.99.0.0/16"))
    renamed = await narrower.execute(rename(view.camera.id, "Square"))
    assert renamed.camera.spec.name == "Square"
