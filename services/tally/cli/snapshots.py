"""`tally cameras snapshot`: what a camera sees now."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tally.api.camera.v1 import snapshot_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.probing import save_picture
from tally.cli.showing import console


def snapshot(
    camera: CameraArgument,
    save: Annotated[
        Path, typer.Option("--save", metavar="FILE", help="Where to put the picture, as JPEG.")
    ],
    overlays: Annotated[
        bool, typer.Option("--overlays", help="Draw lines, zones, tracks and counts.")
    ] = False,
    show_people: Annotated[
        bool,
        typer.Option("--show-people", help="Leave people recognisable; takes camera:write."),
    ] = False,
    max_width: Annotated[
        int, typer.Option(min=64, max=3840, help="How wide the picture may be, in pixels.")
    ] = 1280,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Save what an active camera sees now, with people made unrecognisable."""
    with failing_clearly():
        request = messages.GetSnapshotRequest(
            overlays=overlays, show_people=show_people, max_width=max_width
        )
        asyncio.run(_snapshot(gateway, camera, request, save))


async def _snapshot(
    gateway: str, name: str, request: messages.GetSnapshotRequest, save: Path
) -> None:
    async with calling(gateway) as channel:
        request.camera_id = (await camera_called(channel, name)).id
        answer = await StreamServiceStub(channel).GetSnapshot(request)
    save_picture(answer.snapshot.jpeg, save)
    console.print(snapshot_text(answer.snapshot))


def snapshot_text(snapshot: snapshot_pb2.Snapshot) -> str:
    """How old a picture is, and what is hidden in it."""
    age = (
        f"{snapshot.age.ToTimedelta().total_seconds():.1f} s old"
        if snapshot.HasField("age")
        else "of a recording"
    )
    hidden = f"people hidden where {snapshot.detector} found them"
    return f"{age}, {hidden if snapshot.people_hidden else 'people shown as they are'}"
