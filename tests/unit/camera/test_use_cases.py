"""The use cases over the ports in memory: what they decide that neither domain nor database decides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.list_cameras import DEFAULT_PAGE_SIZE, ListCameras
from tally.camera.domain.errors import (
    CameraNameTaken,
    CameraNotFound,
    EtagMismatch,
)
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream
from tally.kernel.errors import InvalidInput
from tally.kernel.idempotency import CreateRequest, RequestIdReused
from tally.kernel.ids import new_id
from tally.kernel.stream_address import StreamNetworks
from tests.unit.camera.examples import LATER, NETWORKS, NOON, PLAZA, SEALER, spec, status
from tests.unit.camera.fakes import Memory

REQUEST = CreateRequest("0190a5b2-0000-7000-8000-000000000001", b"plaza")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> Callable[[], datetime]:
    minutes = iter(range(1_000))
    return lambda: NOON + timedelta(minutes=next(minutes))


@pytest.fixture
def create(memory: Memory, clock: Callable[[], datetime]) -> CreateCamera:
    return CreateCamera(memory.begin, clock, SEALER, NETWORKS, new_id)


def renamed(name: str) -> Callable[[CameraSpec], CameraSpec]:
    return lambda present: replace(present, name=name)


async def test_a_repeated_request_creates_one_camera(memory: Memory, create: CreateCamera) -> None:
    first = await create(PLAZA, REQUEST, sites=None)
    assert await create(PLAZA, REQUEST, sites=None) == first
    assert len(memory.events) == 1


async def test_a_repeated_request_shows_the_camera_as_it_is_now(
    memory: Memory, create: CreateCamera, clock: Callable[[], datetime]
) -> None:
    first = await create(PLAZA, REQUEST, sites=None)
    changed = await UpdateCamera(memory.begin, clock, SEALER, NETWORKS)(
        first.camera.id, renamed("Square"), sites=None
    )
    assert await create(PLAZA, REQUEST, sites=None) == changed
    await DeleteCamera(memory.begin, clock)(first.camera.id, sites=None)
    with pytest.raises(CameraNotFound):
        await create(PLAZA, REQUEST, sites=None)


async def test_a_request_id_stands_for_one_content(memory: Memory, create: CreateCamera) -> None:
    await create(PLAZA, REQUEST, sites=None)
    with pytest.raises(RequestIdReused):
        await create(spec("Square"), replace(REQUEST, digest=b"square"), sites=None)
    assert len(memory.events) == 1


async def test_a_request_that_failed_does_not_use_up_its_id(create: CreateCamera) -> None:
    await create(PLAZA, sites=None)
    with pytest.raises(CameraNameTaken):
        await create(PLAZA, REQUEST, sites=None)
    view = await create(spec("Square"), REQUEST, sites=None)
    assert view.camera.spec.name == "Square"


async def test_a_stale_etag_ends_every_command(
    memory: Memory, create: CreateCamera, clock: Callable[[], datetime]
) -> None:
    view = await create(PLAZA, sites=None)
    stale = view.camera.etag
    current = await ActivateCamera(memory.begin, clock)(view.camera.id, stale, sites=None)
    for command in (ActivateCamera, DeactivateCamera, DeleteCamera):
        with pytest.raises(EtagMismatch):
            await command(memory.begin, clock)(view.camera.id, stale, sites=None)
    with pytest.raises(EtagMismatch):
        await UpdateCamera(memory.begin, clock, SEALER, NETWORKS)(
            view.camera.id, renamed("Square"), stale, sites=None
        )
    assert await GetCamera(memory.begin)(view.camera.id, sites=None) == current


async def test_an_update_without_effect_keeps_the_etag(
    memory: Memory, create: CreateCamera, clock: Callable[[], datetime]
) -> None:
    view = await create(PLAZA, sites=None)
    update = UpdateCamera(memory.begin, clock, SEALER, NETWORKS)
    assert await update(view.camera.id, renamed(PLAZA.name), sites=None) == view
    assert len(memory.events[view.camera.id]) == 1


async def test_a_camera_that_is_not_counted_has_no_stream_status(
    memory: Memory, create: CreateCamera, clock: Callable[[], datetime]
) -> None:
    id_ = (await create(PLAZA, sites=None)).camera.id
    record = RecordStreamStatus(memory.begin)
    await record(id_, 1, status())
    assert (await GetCamera(memory.begin)(id_, sites=None)).stream_status is None
    await ActivateCamera(memory.begin, clock)(id_, sites=None)
    await record(id_, 1, status())
    assert (await GetCamera(memory.begin)(id_, sites=None)).stream_status == status()
    assert (await DeactivateCamera(memory.begin, clock)(id_, sites=None)).stream_status is None
    await record(id_, 1, status(time=LATER + timedelta(seconds=1)))
    assert (await GetCamera(memory.begin)(id_, sites=None)).stream_status is None


async def test_pages_follow_one_another_until_all_is_shown(
    memory: Memory, create: CreateCamera
) -> None:
    names = [f"camera {number:02}" for number in range(7)]
    for name in reversed(names):
        await create(spec(name), sites=None)
    list_cameras = ListCameras(memory.begin)
    shown, token = [], ""
    for expected in (3, 3, 1):
        page = await list_cameras(CameraQuery(), 3, token, sites=None)
        assert len(page.cameras) == expected
        shown += [view.camera.spec.name for view in page.cameras]
        token = page.next_page_token
    assert (shown, token) == (names, "")
    assert (await list_cameras(page_size=7, sites=None)).next_page_token == ""


async def test_a_page_has_50_cameras_unless_asked_otherwise(
    memory: Memory, create: CreateCamera
) -> None:
    for number in range(DEFAULT_PAGE_SIZE + 1):
        await create(spec(f"camera {number}"), sites=None)
    assert len((await ListCameras(memory.begin)(sites=None)).cameras) == 50


async def test_a_token_that_is_none_is_refused(memory: Memory) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ListCameras(memory.begin)(CameraQuery(), 10, "nonsense", sites=None)
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


async def test_a_token_belongs_to_one_list(memory: Memory, create: CreateCamera) -> None:
    for name in "ab":
        await create(spec(name), sites=None)
    list_cameras = ListCameras(memory.begin)
    token = (await list_cameras(CameraQuery(), 1, sites=None)).next_page_token
    for other in (
        CameraQuery(descending=True),
        CameraQuery(order=Order.CREATE_TIME),
        CameraQuery((Condition(Property.NAME, "b"),)),
    ):
        with pytest.raises(InvalidInput) as caught:
            await list_cameras(other, 1, token, sites=None)
        assert caught.value.reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("uri", ["http://169.254.169.254/latest", "rtsp://127.0.0.1/live"])
async def test_a_stream_comes_from_where_cameras_may_be(
    memory: Memory, create: CreateCamera, clock: Callable[[], datetime], uri: str
) -> None:
    forbidden = replace(PLAZA, stream=Stream(uri))
    with pytest.raises(InvalidInput) as caught:
        await create(forbidden, sites=None)
    assert [violation.field for violation in caught.value.violations] == ["camera.stream.uri"]
    view = await create(PLAZA, sites=None)
    update = UpdateCamera(memory.begin, clock, SEALER, NETWORKS)
    with pytest.raises(InvalidInput):
        await update(view.camera.id, lambda _: forbidden, sites=None)
    narrower = UpdateCamera(memory.begin, clock, SEALER, StreamNetworks("10.99.0.0/16"))
    assert (
        await narrower(view.camera.id, renamed("Square"), sites=None)
    ).camera.spec.name == "Square"
