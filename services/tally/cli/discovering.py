"""`tally cameras discover`: the ONVIF cameras in a network."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.cli.cameras import all_cameras
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, show_json, show_table
from tally.cli.sites import site_called


def discover(
    site: Annotated[
        str, typer.Option(metavar="SITE", help="The site whose workers search, by name or id.")
    ] = "",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Have a worker search its network for ONVIF cameras, and show which of them are known already."""
    with failing_clearly():
        asyncio.run(_discover(gateway, site, as_json=as_json))


async def _discover(gateway: str, site: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.DiscoverCamerasRequest()
        request.site_id = (await site_called(channel, site)).id if site else ""
        devices = (await StreamServiceStub(channel).DiscoverCameras(request)).devices
        known = {host_of(camera.stream.uri): camera.name for camera in await all_cameras(channel)}
    if as_json:
        show_json(devices)
        return
    if not devices:
        console.print("no ONVIF device answered")
        return
    show_table(
        ["address", "name", "hardware", "location", "camera"],
        [
            (
                device.address,
                device.name,
                device.hardware,
                device.location,
                known.get(host_of(device.address), ""),
            )
            for device in devices
        ],
    )


def host_of(uri: str) -> str:
    """The host that a URI names; empty if it names none."""
    return urlsplit(uri).hostname or ""
