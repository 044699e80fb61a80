"""`tally cameras tune`: with what, for what and how often a camera looks."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import typer

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import console, parse_span


def tune(
    camera: CameraArgument,
    detector: Annotated[
        str | None,
        typer.Option(help='An installed detector; "" leaves it to the worker. See `tally models`.'),
    ] = None,
    object_class: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="What to count, such as *car*. May be repeated. --class '' counts people again.",
        ),
    ] = None,
    max_fps: Annotated[
        float | None,
        typer.Option(help="The most frames to look at each second, 0.5 to 120; 0 for every one."),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            help="How sure the detector must be before an object counts, 0.1 to 0.95; 0 for 0.5."
        ),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="How long a picture of each crossing is kept, `1h` to `90d`; `off` takes none.",
        ),
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Change with what, for what and how often a camera looks; what is not named stays."""
    wanted = {
        "detector": detector,
        "classes": None if object_class is None else [each for each in object_class if each],
        "max_frames_per_second": max_fps,
        "min_score": min_score,
        "picture_retention": None if pictures is None else _retention(pictures),
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    if not given:
        raise typer.BadParameter("name something to change: see `tally cameras tune --help`")
    with failing_clearly():
        asyncio.run(_tune(gateway, camera, given))


async def _tune(gateway: str, name: str, given: Mapping[str, object]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        # What is empty is left out: to a field of the mask without a value, that is what `off` means.
        values = {field: value for field, value in given.items() if value}
        counting = geometry_pb2.CountingConfig(**values)  # type: ignore[arg-type]  # each has its field's type
        wanted = camera_pb2.Camera(id=camera.id, etag=camera.etag, counting=counting)
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.extend(f"counting.{field}" for field in given)
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    console.print(f"{answer.camera.name} {_looks(answer.camera.counting)}")


def _retention(text: str) -> timedelta:
    return timedelta() if text == "off" else parse_span(text, "--pictures")


def _looks(counting: geometry_pb2.CountingConfig) -> str:
    """How a camera looks, in words."""
    fps, score = counting.max_frames_per_second, counting.min_score
    kept = counting.picture_retention.ToTimedelta() / timedelta(hours=1)
    return ", ".join(
        (
            f"looks with {counting.detector or 'what its worker chooses'}",
            f"for {', '.join(counting.classes) or 'people'}",
            f"at up to {fps:g} frames a second" if fps else "at every frame",
            f"believes scores from {score or 0.5:g} on",
            f"and keeps pictures of crossings for {kept:g} h" if kept else "and takes no pictures",
        )
    )
