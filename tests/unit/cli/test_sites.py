"""`tally sites` asks for what was typed and says what the server answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
import typer
from typer.testing import CliRunner

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc, site_pb2
from tally.api.camera.v1 import site_service_pb2 as messages
from tally.api.camera.v1.site_service_pb2_grpc import (
    SiteServiceServicer,
    add_SiteServiceServicer_to_server,
)
from tally.cli import cameras, placing, registering, sites
from tally.cli.main import app

TOWN = site_pb2.Site(
    id="0190a5b2-0000-7000-8000-00000000000a",
    name="Old town",
    time_zone="Asia/Ho_Chi_Minh",
    capacity=120,
    opening_hours=[site_pb2.OpeningHours(day=site_pb2.WEEKDAY_FRIDAY, opens="09:00", closes="24:00")],
    etag="7",
)  # fmt: skip
DOOR = camera_pb2.Camera(id="0190a5b2-0000-7000-8000-000000000001", name="Door", etag="3")


class Servers(SiteServiceServicer, camera_service_pb2_grpc.CameraServiceServicer):
    """One site and one camera; keeps what it is asked."""

    def __init__(self) -> None:
        self.created: list[messages.CreateSiteRequest] = []
        self.changed: list[messages.UpdateSiteRequest] = []
        self.deleted: list[messages.DeleteSiteRequest] = []
        self.cameras: list[camera_pb2.Camera] = []

    async def ListSites(self, request: object, context: object) -> messages.ListSitesResponse:  # noqa: N802 - gRPC's name
        return messages.ListSitesResponse(sites=[TOWN])

    async def CreateSite(  # noqa: N802 - gRPC's name
        self, request: messages.CreateSiteRequest, context: object
    ) -> messages.CreateSiteResponse:
        self.created.append(request)
        return messages.CreateSiteResponse(site=site_pb2.Site(id="new"))

    async def UpdateSite(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateSiteRequest, context: object
    ) -> messages.UpdateSiteResponse:
        self.changed.append(request)
        return messages.UpdateSiteResponse(site=TOWN)

    async def DeleteSite(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteSiteRequest, context: object
    ) -> messages.DeleteSiteResponse:
        self.deleted.append(request)
        return messages.DeleteSiteResponse()

    async def ListCameras(  # noqa: N802 - gRPC's name
        self, request: object, context: object
    ) -> camera_service_pb2.ListCamerasResponse:
        return camera_service_pb2.ListCamerasResponse(cameras=[DOOR])

    async def CreateCamera(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.CreateCameraRequest, context: object
    ) -> camera_service_pb2.CreateCameraResponse:
        self.cameras.append(request.camera)
        return camera_service_pb2.CreateCameraResponse(camera=request.camera)

    async def ActivateCamera(  # noqa: N802 - gRPC's name
        self, request: object, context: object
    ) -> camera_service_pb2.ActivateCameraResponse:
        return camera_service_pb2.ActivateCameraResponse()

    async def UpdateCamera(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.UpdateCameraRequest, context: object
    ) -> camera_service_pb2.UpdateCameraResponse:
        self.cameras.append(request.camera)
        return camera_service_pb2.UpdateCameraResponse(camera=request.camera)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    servicer = Servers()  # type: ignore[abstract]  # only what the commands call

    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        async with channel_to(servicer) as channel:
            yield channel

    for module in (sites, cameras, placing):
        monkeypatch.setattr(module, "calling", calling)
    return servicer


@asynccontextmanager
async def channel_to(servicer: Servers) -> AsyncIterator[grpc.aio.Channel]:
    server = grpc.aio.server()
    add_SiteServiceServicer_to_server(servicer, server)
    camera_service_pb2_grpc.add_CameraServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(0)


def typed(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_sites_are_listed(servers: Servers) -> None:
    output = typed("sites", "list")
    assert "Old town   Asia/Ho_Chi_Minh" in output
    assert "120" in output
    assert "fri 09:00-24:00" in output


def test_a_site_is_created(servers: Servers) -> None:
    assert typed("sites", "create", "Port", "--time-zone", "UTC", "--open", "sat=10:00-12:00") == "new\n"  # fmt: skip
    [request] = servers.created
    hours = site_pb2.OpeningHours(day=site_pb2.WEEKDAY_SATURDAY, opens="10:00", closes="12:00")
    assert request.site == site_pb2.Site(name="Port", time_zone="UTC", opening_hours=[hours])
    assert request.request_id


def test_only_what_is_named_changes(servers: Servers) -> None:
    typed("sites", "set", "Old town", "--capacity", "0", "--address", "")
    [request] = servers.changed
    assert (request.site.id, request.site.etag) == (TOWN.id, "7")
    assert set(request.update_mask.paths) == {"capacity", "address"}
    assert CliRunner().invoke(app, ["sites", "set", "Old town"]).exit_code == 1


def test_a_site_is_deleted_by_name(servers: Servers) -> None:
    typed("sites", "delete", "Old town")
    assert servers.deleted == [messages.DeleteSiteRequest(site_id=TOWN.id, etag="7")]
    result = CliRunner().invoke(app, ["sites", "delete", "Atlantis"])
    assert result.exit_code == 1
    assert "no site is called Atlantis" in result.output


def test_a_camera_moves_to_a_site_and_away(servers: Servers) -> None:
    assert typed("cameras", "move", "Door", "Old town") == "Door is at Old town\n"
    assert typed("cameras", "move", "Door") == "Door is at no site\n"
    assert [camera.site_id for camera in servers.cameras] == [TOWN.id, ""]


async def test_the_demo_camera_gets_a_site(servers: Servers) -> None:
    async with channel_to(servers) as channel:
        await registering.ensure_camera(channel, registering.DEMO)
    assert [request.site.name for request in servers.created] == ["Demo"]
    assert [camera.site_id for camera in servers.cameras] == ["new"]


def test_hours_are_those_of_each_day_named() -> None:
    hours = sites.parse_opening(["mon-wed=09:00-18:30", "SUN=10:00-24:00"])
    assert [(each.day, each.opens, each.closes) for each in hours] == [
        (1, "09:00", "18:30"),
        (2, "09:00", "18:30"),
        (3, "09:00", "18:30"),
        (7, "10:00", "24:00"),
    ]


@pytest.mark.parametrize("text", ["", "mon", "mon=", "mon=09:00", "xyz=09:00-10:00", "sat-mon=1-2"])
def test_other_hours_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        sites.parse_opening([text])
