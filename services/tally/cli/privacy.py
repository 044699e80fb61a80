"""`tally cameras privacy`: what is not to be seen in a camera's pictures."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.cli.cameras import CameraArgument, camera_called, privacy_text
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.shapes import mask_to_proto, parse_masks
from tally.cli.showing import console


class HidePeople(StrEnum):
    """From whom people are hidden, as it is typed."""

    UNLESS_PERMITTED = "unless-permitted"
    ALWAYS = "always"


_TO_PROTO = {
    HidePeople.UNLESS_PERMITTED: geometry_pb2.HIDE_PEOPLE_UNLESS_PERMITTED,
    HidePeople.ALWAYS: geometry_pb2.HIDE_PEOPLE_ALWAYS,
}


def privacy(
    camera: CameraArgument,
    hide_people: Annotated[
        HidePeople | None,
        typer.Option(help="From everybody, or from all but those who may write the camera."),
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X1,Y1,X2,Y2,X3,Y3,…",
            help="The corners of a polygon that is black in each picture. May be repeated; replaces all areas.",
        ),
    ] = None,
    no_areas: Annotated[bool, typer.Option("--no-areas", help="Black out nothing.")] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Change what is not to be seen in a camera's pictures; what is not named stays."""
    if bool(area) and no_areas:
        raise typer.BadParameter("draw areas or leave them out", param_hint="--no-areas")
    if hide_people is None and not area and not no_areas:
        raise typer.BadParameter("name something to change: see `tally cameras privacy --help`")
    areas = None
    if area or no_areas:
        areas = [
            geometry_pb2.PrivacyArea(polygon=mask_to_proto(mask).polygon)
            for mask in parse_masks(area or [], "--area")
        ]
    with failing_clearly():
        asyncio.run(_change(gateway, camera, hide_people, areas))


async def _change(
    gateway: str,
    name: str,
    hide_people: HidePeople | None,
    areas: Sequence[geometry_pb2.PrivacyArea] | None,
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = camera_pb2.Camera(id=camera.id, etag=camera.etag)
        changed = wanted.counting.privacy
        changed.CopyFrom(camera.counting.privacy)
        if hide_people is not None:
            changed.hide_people = _TO_PROTO[hide_people]
        if areas is not None:
            del changed.areas[:]
            changed.areas.extend(areas)
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.append("counting.privacy")
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    console.print(f"{answer.camera.name}: {privacy_text(answer.camera.counting.privacy)}")
