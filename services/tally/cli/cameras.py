"""`tally cameras`: what is counted where."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import grpc
import typer

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.camera.v1.history_pb2 import CameraEvent
from tally.api.camera.v1.location_pb2 import Location
from tally.api.counting.v1 import geometry_pb2
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, is_id, pages
from tally.cli.shapes import (
    LineOption,
    MaskOption,
    PairOption,
    UTurnOption,
    line_to_proto,
    mask_to_proto,
    parse_lines,
    parse_masks,
    with_pairs,
)
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.counting import Line, Mask

cameras = typer.Typer(help="Cameras and their lines.", no_args_is_help=True)

CameraArgument = Annotated[
    str, typer.Argument(metavar="CAMERA", help="Its name or id, from `tally cameras list`.")
]

_STATES = {
    camera_pb2.CAMERA_STATE_ACTIVE: "active",
    camera_pb2.CAMERA_STATE_INACTIVE: "inactive",
}


@cameras.command("list")
def list_cameras(
    filter_: Annotated[
        str,
        typer.Option(
            "--filter",
            help="Conditions that all hold: 'state = active AND labels.floor = \"2\"', 'NOT labels:floor'; a word "
            "alone is looked for in names.",
        ),
    ] = "",
    order_by: Annotated[
        str, typer.Option(help="name, create_time or update_time; 'name desc' for the last first.")
    ] = "",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show cameras, their lines and zones."""
    with failing_clearly():
        asyncio.run(_list(gateway, filter_, order_by, as_json=as_json))


@cameras.command("lines")
def set_lines(
    camera: CameraArgument,
    line: LineOption = None,
    u_turn_window: UTurnOption = 0.0,
    pair: PairOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Replace a camera's lines by those given; counts of lines that keep their name go on."""
    with failing_clearly():
        lines = with_pairs(parse_lines(line or [], u_turn_window), pair or [])
        asyncio.run(_set_lines(gateway, camera, lines))


@cameras.command("masks")
def set_masks(
    camera: CameraArgument, mask: MaskOption = None, gateway: GatewayOption = DEFAULT_GATEWAY
) -> None:
    """Replace a camera's masks, in which nothing counts, by those given; without any, all of the picture counts."""
    with failing_clearly():
        asyncio.run(_set_masks(gateway, camera, parse_masks(mask or [])))


@cameras.command()
def history(
    camera: CameraArgument, gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False
) -> None:
    """Show what happened to a camera, newest first: when, who had it happen, and what.

    A deleted camera has its history too; name it by its id.
    """
    with failing_clearly():
        asyncio.run(_history(gateway, camera, as_json=as_json))


@cameras.command()
def show(
    camera: CameraArgument,
    version: Annotated[
        int | None,
        typer.Option(
            min=1, help="As it was at this version, such as the config_version of a count."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(metavar="TIME", help="As it was at this time, on this machine's clock."),
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Show a camera as JSON, as it is or as it was."""
    if version and as_of:
        raise typer.BadParameter("name one of them", param_hint="--version and --as-of")
    with failing_clearly():
        asyncio.run(_show(gateway, camera, version, as_of))


async def camera_called(channel: grpc.aio.Channel, name_or_id: str) -> camera_pb2.Camera:
    """The camera of this name or id.

    Raises:
        CommandError: There is none.
    """
    for camera in await all_cameras(channel):
        if name_or_id in {camera.id, camera.name}:
            return camera
    raise CommandError(f"no camera is called {name_or_id}", mend="tally cameras list")


async def all_cameras(
    channel: grpc.aio.Channel, filter_: str = "", order_by: str = ""
) -> list[camera_pb2.Camera]:
    """The cameras that the caller may see, filtered and in order as `ListCameras` takes it."""
    request = messages.ListCamerasRequest(page_size=PAGE_SIZE, filter=filter_, order_by=order_by)
    listed = pages(CameraServiceStub(channel).ListCameras, request)
    return [camera async for page in listed for camera in page.cameras]


async def _list(gateway: str, filter_: str, order_by: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = await all_cameras(channel, filter_, order_by)
    if as_json:
        show_json(found)
        return
    show_table(
        ["name", "state", "lines", "zones", "id"],
        [
            (
                camera.name,
                _STATES[camera.state],
                "; ".join(map(_line_text, camera.counting.lines)),
                ", ".join(zone.name for zone in camera.counting.zones),
                camera.id,
            )
            for camera in found
        ],
    )


async def _set_lines(gateway: str, name: str, lines: Sequence[Line]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = camera_pb2.Camera(
            id=camera.id,
            etag=camera.etag,
            counting=geometry_pb2.CountingConfig(lines=map(line_to_proto, lines)),
        )
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.append("counting.lines")
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    shown = "; ".join(map(_line_text, answer.camera.counting.lines))
    console.print(f"{answer.camera.name} counts at {shown or 'no line'}")


async def _set_masks(gateway: str, name: str, masks: Sequence[Mask]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = camera_pb2.Camera(
            id=camera.id,
            etag=camera.etag,
            counting=geometry_pb2.CountingConfig(masks=map(mask_to_proto, masks)),
        )
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.append("counting.masks")
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    count = len(answer.camera.counting.masks)
    console.print(f"{answer.camera.name} has {count} {'mask' if count == 1 else 'masks'}")


async def _history(gateway: str, name: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.ListCameraEventsRequest(
            camera_id=await _camera_id(channel, name), page_size=PAGE_SIZE
        )
        listed = pages(CameraServiceStub(channel).ListCameraEvents, request)
        found = [event async for page in listed for event in page.events]
    if as_json:
        show_json(found)
        return
    show_table(
        ["version", "time", "who", "what"],
        [
            (
                str(event.version),
                local_time(event.time),
                event.actor or "nobody noted",
                change_text(event),
            )
            for event in found
        ],
    )


async def _show(gateway: str, name: str, version: int | None, as_of: datetime | None) -> None:
    async with calling(gateway) as channel:
        request = messages.GetCameraRequest(camera_id=await _camera_id(channel, name))
        if version:
            request.version = version
        elif as_of:
            request.as_of.FromDatetime(as_of.astimezone(UTC))
        answer = await CameraServiceStub(channel).GetCamera(request)
    show_json(answer.camera)


async def _camera_id(channel: grpc.aio.Channel, name_or_id: str) -> str:
    """The id itself, which a deleted camera may have had, or that of the camera of this name."""
    return name_or_id if is_id(name_or_id) else (await camera_called(channel, name_or_id)).id


def _line_text(line: geometry_pb2.Line) -> str:
    """What a line is called and what is special about it."""
    special = []
    if line.points:
        special.append(f"{len(line.points)} points")
    if line.in_name or line.out_name:
        special.append(f"{line.in_name or 'in'}/{line.out_name or 'out'}")
    if line.HasField("u_turn_window"):
        seconds = line.u_turn_window.ToTimedelta().total_seconds()
        special.append(f"no U-turns within {seconds:g} s")
    if line.HasField("pair"):
        special.append(f"{line.pair.distance_m:g} m from {line.pair.line}")
    return line.name + (f" ({', '.join(special)})" if special else "")


def privacy_text(privacy: geometry_pb2.Privacy) -> str:
    """What is not to be seen in pictures, in words."""
    always = privacy.hide_people == geometry_pb2.HIDE_PEOPLE_ALWAYS
    people = "people hidden from everybody" if always else "people shown to who may write it"
    count = len(privacy.areas)
    return people + (f", {count} black {'area' if count == 1 else 'areas'}" if count else "")


def location_text(location: Location) -> str:
    """Where that is, in words and figures; empty if nobody said."""
    parts = [location.description] if location.description else []
    if location.HasField("point"):
        parts.append(f"at {location.point.latitude:g}, {location.point.longitude:g}")
    return ", ".join(parts)


def change_text(event: CameraEvent) -> str:
    """What happened, in words."""
    match event.WhichOneof("change"):
        case "created":
            return f"created as {event.created.name}, reading {event.created.stream.uri}"
        case "renamed":
            return f"renamed to {event.renamed.name}"
        case "stream_changed":
            return f"reads {event.stream_changed.stream.uri}"
        case "counting_changed":
            counting = event.counting_changed.counting
            lines = "; ".join(map(_line_text, counting.lines)) or "no line"
            zones = ", ".join(zone.name for zone in counting.zones)
            seen_by = f"; by {counting.detector}" if counting.detector else ""
            hidden = f"; {privacy_text(counting.privacy)}" if counting.HasField("privacy") else ""
            return f"counts at {lines}" + (f"; in {zones}" if zones else "") + seen_by + hidden
        case "labels_changed":
            labels = sorted(event.labels_changed.labels.items())
            return "labelled " + (" ".join(f"{key}={value}" for key, value in labels) or "nothing")
        case "moved":
            site, area = event.moved.site_id, event.moved.area_id
            return (
                f"moved to site {site}" + (f", area {area}" if area else "")
                if site
                else "left its site"
            )
        case "relocated":
            return f"hangs {location_text(event.relocated.location) or 'nobody knows where'}"
        case None:
            return "something that this program is too old to know"
        case change:
            return change.replace("_", " ")
