"""`tally cameras move` and `tally cameras locate`: where cameras are."""

import asyncio
from typing import Annotated

import grpc
import typer

from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.area_pb2 import Area
from tally.api.camera.v1.camera_pb2 import Camera
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.camera.v1.location_pb2 import GeoPoint, Location
from tally.api.camera.v1.site_pb2 import Site
from tally.cli.areas import area_called
from tally.cli.cameras import CameraArgument, camera_called, location_text
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import console
from tally.cli.sites import site_called


def move(
    camera: CameraArgument,
    site: Annotated[
        str, typer.Argument(metavar="[SITE]", help="Name or id of the site; absent: at none.")
    ] = "",
    area: Annotated[
        str, typer.Option(metavar="AREA", help="Name or id of the site's area; absent: in none.")
    ] = "",
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Say at which site a camera is, and which area it watches; its counts move with it."""
    if area and not site:
        raise typer.BadParameter("name the site too", param_hint="--area")
    with failing_clearly():
        asyncio.run(_move(gateway, camera, site, area))


def locate(
    camera: CameraArgument,
    description: Annotated[
        str, typer.Argument(help="Where people find it, such as 'above the north door'.")
    ] = "",
    at: Annotated[
        str,
        typer.Option(metavar="LATITUDE,LONGITUDE", help="Where that is on a map, in degrees."),
    ] = "",
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Say where a camera hangs; without anything, that nobody knows."""
    with failing_clearly():
        location = Location(description=description, point=parse_point(at) if at else None)
        asyncio.run(_locate(gateway, camera, location))


def parse_point(text: str) -> GeoPoint:
    """The place that `--at` names.

    Raises:
        typer.BadParameter: It names none.
    """
    latitude, _, longitude = text.partition(",")
    try:
        return GeoPoint(latitude=float(latitude), longitude=float(longitude))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not like 21.03,105.85", param_hint="--at") from None


async def _move(gateway: str, name: str, site_name: str, area_name: str) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        site = await site_called(channel, site_name) if site_name else Site()
        area = await area_called(channel, site.id, area_name) if area_name else Area()
        wanted = Camera(id=camera.id, etag=camera.etag, site_id=site.id, area_id=area.id)
        await _update(channel, wanted, "site_id", "area_id")
    where = f"{site.name}, {area.name}" if area_name else site.name or "no site"
    console.print(f"{camera.name} is at {where}")


async def _locate(gateway: str, name: str, location: Location) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = Camera(id=camera.id, etag=camera.etag, location=location)
        answer = await _update(channel, wanted, "location")
    console.print(f"{camera.name} hangs {location_text(answer.location) or 'nobody knows where'}")


async def _update(channel: grpc.aio.Channel, wanted: Camera, *paths: str) -> Camera:
    request = messages.UpdateCameraRequest(camera=wanted)
    request.update_mask.paths.extend(paths)
    return (await CameraServiceStub(channel).UpdateCamera(request)).camera
