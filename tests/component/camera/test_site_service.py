"""Sites, as callers make, change and delete them."""

from collections.abc import AsyncIterator

import grpc
import pytest

from tally.api.camera.v1 import camera_pb2, site_pb2
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.grpc.client import connect
from tests.callers import Keeper
from tests.component.camera.calls import UNKNOWN_ID, Cameras, Sites, a_camera, a_site
from tests.refusals import refused

REQUEST_ID = "0190a5b2-0000-7000-8000-0000000000aa"
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "SITE_NOT_FOUND")


@pytest.fixture
def sites(channel: grpc.aio.Channel) -> Sites:
    return Sites(channel)


@pytest.fixture
async def north(sites: Sites) -> site_pb2.Site:
    return await sites.create(a_site("North"))


@pytest.fixture
async def keepers(settings: CameraSettings, north: site_pb2.Site) -> AsyncIterator[Sites]:
    """The sites for somebody who may do everything in the north alone."""
    there = frozenset({north.id})
    permissions = {f"camera:{may}": there for may in ("read", "write", "delete")}
    async with (
        camera_server(settings, authenticator=Keeper(permissions)) as server,
        connect(server.address) as channel,
    ):
        yield Sites(channel)


async def test_a_site_is_made_changed_listed_and_deleted(
    sites: Sites, north: site_pb2.Site
) -> None:
    assert await sites.get(north.id.upper()) == north
    changed = await sites.update(
        site_pb2.Site(id=north.id, name="Far north", etag=north.etag), "name", "address"
    )
    assert (changed.name, changed.address, changed.capacity) == ("Far north", "", 120)
    stale = (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert await refused(sites.update(north, "capacity")) == stale
    assert await refused(sites.delete(north.id, north.etag)) == stale
    for name in ("East", "South"):
        await sites.create(a_site(name))
    assert await sites.names(page_size=2) == ["East", "Far north", "South"]
    await sites.delete(north.id, changed.etag)
    assert await refused(sites.get(north.id)) == NOT_FOUND
    assert await refused(sites.delete(UNKNOWN_ID)) == NOT_FOUND
    assert await sites.names() == ["East", "South"]


async def test_a_repeated_request_makes_one_site(sites: Sites) -> None:
    made = await sites.create(a_site("West"), REQUEST_ID)
    assert await sites.create(a_site("West"), REQUEST_ID) == made
    status = grpc.StatusCode.ALREADY_EXISTS
    reused = (status, "REQUEST_ID_REUSED")
    assert await refused(sites.create(a_site("Other"), REQUEST_ID)) == reused
    assert await refused(sites.create(a_site("West"))) == (status, "SITE_NAME_TAKEN")


@pytest.mark.parametrize(
    ("site", "path"),
    [
        (site_pb2.Site(time_zone="Mars/Olympus"), "time_zone"),
        (site_pb2.Site(capacity=-1), "capacity"),
        (site_pb2.Site(), "name"),
        (site_pb2.Site(), "create_time"),
    ],
)
async def test_a_change_to_what_no_site_is_is_refused(
    sites: Sites, north: site_pb2.Site, site: site_pb2.Site, path: str
) -> None:
    site.id = north.id
    status, _ = await refused(sites.update(site, path))
    assert status is grpc.StatusCode.INVALID_ARGUMENT
    assert await sites.get(north.id) == north


async def test_cameras_are_at_sites_that_exist_and_keep_them(
    channel: grpc.aio.Channel, sites: Sites, north: site_pb2.Site
) -> None:
    cameras = Cameras(channel)
    wanted = a_camera()
    wanted.site_id = UNKNOWN_ID
    unknown = (grpc.StatusCode.FAILED_PRECONDITION, "SITE_UNKNOWN")
    assert await refused(cameras.create(wanted)) == unknown
    wanted.site_id = north.id
    made = await cameras.create(wanted)
    nowhere = camera_pb2.Camera(id=made.id, site_id=UNKNOWN_ID)
    assert await refused(cameras.update(nowhere, "site_id")) == unknown
    in_use = (grpc.StatusCode.FAILED_PRECONDITION, "SITE_IN_USE")
    assert await refused(sites.delete(north.id)) == in_use
    await cameras.delete(made.id)
    await sites.delete(north.id)


async def test_whoever_works_at_one_site_meets_that_site_alone(
    sites: Sites, keepers: Sites, north: site_pb2.Site
) -> None:
    south = await sites.create(a_site("South"))
    assert await keepers.names() == ["North"]
    assert await refused(keepers.get(south.id)) == NOT_FOUND
    assert await refused(keepers.update(south, "capacity")) == NOT_FOUND
    assert (await keepers.update(site_pb2.Site(id=north.id, capacity=3), "capacity")).capacity == 3
    for call in (keepers.create(a_site("Own")), keepers.delete(north.id)):
        status, _ = await refused(call)
        assert status is grpc.StatusCode.PERMISSION_DENIED
