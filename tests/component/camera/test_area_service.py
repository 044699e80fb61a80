"""Areas, as callers make, change and delete them."""

from collections.abc import AsyncIterator

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.camera.v1 import area_pb2, camera_pb2, events_pb2, site_pb2
from tally.api.camera.v1 import area_service_pb2 as messages
from tally.api.camera.v1.area_service_pb2_grpc import AreaServiceStub
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.grpc.client import connect
from tests.callers import Keeper
from tests.component.camera.calls import UNKNOWN_ID, Cameras, Sites, a_camera, a_site
from tests.refusals import refused, violated

REQUEST_ID = "0190a5b2-0000-7000-8000-0000000000ab"
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "AREA_NOT_FOUND")
UNKNOWN = (grpc.StatusCode.FAILED_PRECONDITION, "AREA_UNKNOWN")


class Areas:
    """The contract's methods with their messages taken apart."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = AreaServiceStub(channel)

    async def create(self, site_id: str, name: str, request_id: str = "") -> area_pb2.Area:
        area = area_pb2.Area(site_id=site_id, name=name)
        request = messages.CreateAreaRequest(area=area, request_id=request_id)
        return (await self.stub.CreateArea(request)).area

    async def get(self, area_id: str) -> area_pb2.Area:
        return (await self.stub.GetArea(messages.GetAreaRequest(area_id=area_id))).area

    async def update(self, area: area_pb2.Area, *paths: str) -> area_pb2.Area:
        request = messages.UpdateAreaRequest(area=area, update_mask=FieldMask(paths=paths))
        return (await self.stub.UpdateArea(request)).area

    async def delete(self, area_id: str, etag: str = "") -> None:
        await self.stub.DeleteArea(messages.DeleteAreaRequest(area_id=area_id, etag=etag))

    async def names(self, site_id: str = "", page_size: int = 0) -> list[str]:
        request = messages.ListAreasRequest(site_id=site_id, page_size=page_size)
        found: list[str] = []
        while True:
            answer = await self.stub.ListAreas(request)
            found += [area.name for area in answer.areas]
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token


@pytest.fixture
def areas(channel: grpc.aio.Channel) -> Areas:
    return Areas(channel)


@pytest.fixture
async def north(channel: grpc.aio.Channel) -> site_pb2.Site:
    return await Sites(channel).create(a_site("North"))


@pytest.fixture
async def keepers(settings: CameraSettings, north: site_pb2.Site) -> AsyncIterator[Areas]:
    """The areas for somebody who may do everything in the north alone."""
    there = frozenset({north.id})
    permissions = {f"camera:{may}": there for may in ("read", "write", "delete")}
    async with (
        camera_server(settings, authenticator=Keeper(permissions)) as server,
        connect(server.address) as channel,
    ):
        yield Areas(channel)


async def test_an_area_is_made_renamed_listed_and_deleted(
    areas: Areas, north: site_pb2.Site
) -> None:
    hall = await areas.create(north.id.upper(), "Hall", REQUEST_ID)
    assert await areas.create(north.id.upper(), "Hall", REQUEST_ID) == hall
    assert await areas.get(hall.id.upper()) == hall
    taken = (grpc.StatusCode.ALREADY_EXISTS, "AREA_NAME_TAKEN")
    assert await refused(areas.create(north.id, "Hall")) == taken
    nowhere = (grpc.StatusCode.FAILED_PRECONDITION, "SITE_UNKNOWN")
    assert await refused(areas.create(UNKNOWN_ID, "Hall")) == nowhere
    named = area_pb2.Area(id=hall.id, name="Great hall", etag=hall.etag)
    renamed = await areas.update(named, "name")
    assert (renamed.name, renamed.site_id) == ("Great hall", north.id)
    stale = (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert await refused(areas.update(named, "name")) == stale
    assert await refused(areas.delete(hall.id, hall.etag)) == stale
    for name in ("Yard", "Car park"):
        await areas.create(north.id, name)
    assert await areas.names(page_size=2) == ["Car park", "Great hall", "Yard"]
    assert await areas.names(UNKNOWN_ID) == []
    await areas.delete(hall.id, renamed.etag)
    assert await refused(areas.get(hall.id)) == NOT_FOUND
    assert await refused(areas.delete(hall.id)) == NOT_FOUND


@pytest.mark.parametrize(("name", "path"), [("", "name"), (" x", "name"), ("a\tb", "name")])
async def test_a_name_that_is_none_is_refused(
    areas: Areas, north: site_pb2.Site, name: str, path: str
) -> None:
    hall = await areas.create(north.id, "Hall")
    assert set(await violated(areas.create(north.id, name))) == {f"area.{path}"}
    change = area_pb2.Area(id=hall.id, name=name)
    assert set(await violated(areas.update(change, path))) == {f"area.{path}"}
    status, _ = await refused(areas.update(change, "site_id"))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert await areas.get(hall.id) == hall


async def test_cameras_are_in_areas_of_their_site_and_keep_them(
    channel: grpc.aio.Channel, areas: Areas, north: site_pb2.Site
) -> None:
    cameras, south = Cameras(channel), await Sites(channel).create(a_site("South"))
    hall, yard = await areas.create(north.id, "Hall"), await areas.create(south.id, "Yard")
    wanted = a_camera()
    wanted.area_id = hall.id
    assert set(await violated(cameras.create(wanted))) == {"camera.area_id"}
    wanted.site_id = south.id
    assert await refused(cameras.create(wanted)) == UNKNOWN
    wanted.site_id = north.id
    made = await cameras.create(wanted)
    assert made.area_id == hall.id
    inside = await cameras.list(filter_=f"area_id = {hall.id}")
    assert [camera.id for camera in inside.cameras] == [made.id]
    in_use = (grpc.StatusCode.FAILED_PRECONDITION, "AREA_IN_USE")
    assert await refused(areas.delete(hall.id)) == in_use
    elsewhere = camera_pb2.Camera(id=made.id, area_id=yard.id)
    assert await refused(cameras.update(elsewhere, "area_id")) == UNKNOWN
    elsewhere.site_id = south.id
    assert (await cameras.update(elsewhere, "site_id")).area_id == ""
    assert (await cameras.update(elsewhere, "area_id")).area_id == yard.id
    moves = [
        each.moved for each in (await cameras.events(made.id)).events if each.HasField("moved")
    ]
    assert moves == [
        events_pb2.CameraMoved(camera_id=made.id, site_id=south.id, area_id=yard.id),
        events_pb2.CameraMoved(camera_id=made.id, site_id=south.id),
    ]
    await areas.delete(hall.id)


async def test_where_a_camera_hangs_is_told_and_found(channel: grpc.aio.Channel) -> None:
    cameras = Cameras(channel)
    made = await cameras.create()
    change = camera_pb2.Camera(id=made.id)
    change.location.description = "Above the North Door"
    change.location.point.latitude = 21.0278
    placed = await cameras.update(change, "location")
    assert placed.location == change.location
    found = await cameras.list(filter_='"north door"')
    assert [camera.id for camera in found.cameras] == [made.id]
    [told] = [each for each in (await cameras.events(made.id)).events if each.version == 2]
    assert told.relocated.location == change.location
    change.location.point.latitude = 90.5
    wrong = cameras.update(change, "location.point")
    assert set(await violated(wrong)) == {"camera.location.point.latitude"}


async def test_whoever_works_at_one_site_meets_its_areas_alone(
    channel: grpc.aio.Channel, areas: Areas, keepers: Areas, north: site_pb2.Site
) -> None:
    south = await Sites(channel).create(a_site("South"))
    yard = await areas.create(south.id, "Yard")
    hall = await keepers.create(north.id, "Hall")
    forbidden = (grpc.StatusCode.PERMISSION_DENIED, "SITE_FORBIDDEN")
    assert await refused(keepers.create(south.id, "Own")) == forbidden
    assert await keepers.names() == ["Hall"]
    assert await keepers.names(south.id) == []
    for call in (keepers.get(yard.id), keepers.update(yard, "name"), keepers.delete(yard.id)):
        assert await refused(call) == NOT_FOUND
    await keepers.delete(hall.id)
    assert await areas.names() == ["Yard"]
