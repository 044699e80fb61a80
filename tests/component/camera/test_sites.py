"""Whoever may act at some sites only meets no camera of another."""

from collections.abc import AsyncIterator, Awaitable

import grpc
import pytest

from tally.api.camera.v1 import camera_pb2
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.database import Database
from tally.kernel.grpc.client import connect
from tests.callers import Keeper
from tests.component.camera.calls import Cameras, a_camera
from tests.refusals import refused
from tests.unit.camera.examples import site

NORTH, SOUTH = "0190a5b2-0000-7000-8000-00000000000a", "0190a5b2-0000-7000-8000-00000000000b"
ELSEWHERE = "0190a5b2-0000-7000-8000-00000000000c"
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "CAMERA_NOT_FOUND")
FORBIDDEN = (grpc.StatusCode.PERMISSION_DENIED, "SITE_FORBIDDEN")


@pytest.fixture
async def cameras(channel: grpc.aio.Channel, settings: CameraSettings) -> Cameras:
    """The cameras for somebody who may act everywhere; there are sites for them."""
    database = Database(settings.database_url.get_secret_value())
    async with units_of_work(database)() as work:
        for name, id_ in (("North", NORTH), ("South", SOUTH), ("Elsewhere", ELSEWHERE)):
            await work.sites.save(site(name, id_))
    await database.close()
    return Cameras(channel)


@pytest.fixture
async def keepers(cameras: Cameras, settings: CameraSettings) -> AsyncIterator[Cameras]:
    """The same cameras for somebody who may do everything in the north, and see the south."""
    permissions = {
        "camera:read": frozenset({NORTH, SOUTH}),
        "camera:write": frozenset({NORTH}),
        "camera:delete": frozenset({NORTH}),
    }
    async with (
        camera_server(settings, authenticator=Keeper(permissions)) as server,
        connect(server.address) as channel,
    ):
        yield Cameras(channel)


def at(site_id: str, name: str | None = None) -> camera_pb2.Camera:
    camera = a_camera(name)
    camera.site_id = site_id
    return camera


async def test_a_list_shows_the_sites_where_its_reader_may_see_cameras(
    cameras: Cameras, keepers: Cameras
) -> None:
    for name, site_id in (("a", NORTH), ("b", ""), ("c", SOUTH), ("d", ELSEWHERE), ("e", NORTH)):
        await cameras.create(at(site_id, name))
    assert [camera.name for camera in (await cameras.list()).cameras] == ["a", "b", "c", "d", "e"]
    first = await keepers.list(page_size=2)
    last = await keepers.list(page_size=2, page_token=first.next_page_token)
    assert [camera.name for page in (first, last) for camera in page.cameras] == ["a", "c", "e"]
    assert last.next_page_token == ""


@pytest.mark.parametrize("site_id", [SOUTH, ""])
async def test_a_camera_elsewhere_cannot_be_told_from_none(
    cameras: Cameras, keepers: Cameras, site_id: str
) -> None:
    there = await cameras.create(at(site_id))
    calls: list[Awaitable[object]] = [
        keepers.update(camera_pb2.Camera(id=there.id, name="taken over", etag="stale")),
        keepers.update(camera_pb2.Camera(id=there.id, site_id=NORTH), "site_id"),
        keepers.activate(there.id, "stale"),
        keepers.deactivate(there.id),
        keepers.delete(there.id),
    ]
    if not site_id:
        calls.append(keepers.get(there.id))
    assert [await refused(call) for call in calls] == [NOT_FOUND] * len(calls)
    assert await cameras.get(there.id) == there


async def test_everything_can_be_done_at_ones_own_site(keepers: Cameras) -> None:
    made = await keepers.create(at(NORTH.upper()))
    assert made.site_id == NORTH
    await keepers.activate(made.id)
    renamed = await keepers.update(camera_pb2.Camera(id=made.id, name="Yard"), "name")
    assert (renamed.name, renamed.site_id) == ("Yard", NORTH)
    assert (await keepers.get(made.id)).state == camera_pb2.CAMERA_STATE_ACTIVE
    await keepers.deactivate(made.id)
    await keepers.delete(made.id)
    assert list((await keepers.list()).cameras) == []


@pytest.mark.parametrize("site_id", [SOUTH, ""])
async def test_cameras_are_neither_made_nor_moved_elsewhere(keepers: Cameras, site_id: str) -> None:
    assert await refused(keepers.create(at(site_id))) == FORBIDDEN
    made = await keepers.create(at(NORTH))
    moved = camera_pb2.Camera(id=made.id, site_id=site_id)
    assert await refused(keepers.update(moved, "site_id")) == FORBIDDEN
    assert await keepers.get(made.id) == made


async def test_a_repeated_request_shows_no_camera_that_moved_away(
    cameras: Cameras, keepers: Cameras
) -> None:
    request = "0190a5b2-0000-7000-8000-0000000000aa"
    wanted = at(NORTH, "Yard")
    made = await keepers.create(wanted, request)
    assert await keepers.create(wanted, request) == made
    await cameras.update(camera_pb2.Camera(id=made.id, site_id=SOUTH), "site_id")
    assert await refused(keepers.create(wanted, request)) == NOT_FOUND


async def test_the_past_of_a_camera_is_shown_where_it_is_now_or_was_last(
    cameras: Cameras, keepers: Cameras
) -> None:
    made = await cameras.create(at(ELSEWHERE))
    assert await refused(keepers.events(made.id)) == NOT_FOUND
    assert await refused(keepers.at_version(made.id, 1)) == NOT_FOUND
    await cameras.update(camera_pb2.Camera(id=made.id, site_id=NORTH), "site_id")
    assert [event.version for event in (await keepers.events(made.id)).events] == [2, 1]
    await keepers.delete(made.id)
    assert (await keepers.at_version(made.id, 1)).site_id == ELSEWHERE


async def test_a_camera_moves_and_leaves_its_site(cameras: Cameras, keepers: Cameras) -> None:
    made = await cameras.create(at(SOUTH))
    await cameras.update(camera_pb2.Camera(id=made.id, site_id=NORTH), "site_id")
    assert (await keepers.activate(made.id)).site_id == NORTH
    left = await cameras.update(camera_pb2.Camera(id=made.id), "site_id")
    assert left.site_id == ""
    assert await refused(keepers.get(made.id)) == NOT_FOUND
