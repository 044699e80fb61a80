"""`tally cameras tune`: with what, for what and how often a camera looks."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import grpc
import typer

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import geometry_pb2, schedule_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import console, parse_span
from tally.cli.sites import DAYS, find_site, parse_opening


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
    hours: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DAY=FROM-TO",
            help="When it counts: mon=09:00-18:30 or mon-fri=09:00-24:00. May be repeated; replaces all hours.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="Whose clocks tell --hours; by default those of the camera's site."
        ),
    ] = None,
    always: Annotated[bool, typer.Option("--always", help="It counts at any hour.")] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Change with what, for what, when and how often a camera looks; what is not named stays."""
    if (always and hours) or (time_zone and not hours):
        raise typer.BadParameter("name --hours, with or without --time-zone, or --always")
    wanted = {
        "detector": detector,
        "classes": None if object_class is None else [each for each in object_class if each],
        "max_frames_per_second": max_fps,
        "min_score": min_score,
        "picture_retention": None if pictures is None else _retention(pictures),
        "schedule": _schedule(hours, time_zone or "") if hours else "" if always else None,
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    if not given:
        raise typer.BadParameter("name something to change: see `tally cameras tune --help`")
    with failing_clearly():
        asyncio.run(_tune(gateway, camera, given))


async def _tune(gateway: str, name: str, given: Mapping[str, Any]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        # What is empty is left out: to a field of the mask without a value, that is what `off` means.
        counting = geometry_pb2.CountingConfig(**{k: value for k, value in given.items() if value})
        if counting.HasField("schedule") and not counting.schedule.time_zone:
            counting.schedule.time_zone = await _clocks(channel, camera)
        wanted = camera_pb2.Camera(id=camera.id, etag=camera.etag, counting=counting)
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.extend(f"counting.{field}" for field in given)
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    console.print(f"{answer.camera.name} {_looks(answer.camera.counting)}")


def _schedule(hours: Sequence[str], time_zone: str) -> schedule_pb2.Schedule:
    """The schedule that `--hours` options name.

    Raises:
        typer.BadParameter: One names no days, or no two times.
    """
    return schedule_pb2.Schedule(
        time_zone=time_zone,
        hours=[
            schedule_pb2.CountingHours(day=each.day, begins=each.opens, ends=each.closes)
            for each in parse_opening(hours, "--hours")
        ],
    )


def _retention(text: str) -> timedelta:
    return timedelta() if text == "off" else parse_span(text, "--pictures")


async def _clocks(channel: grpc.aio.Channel, camera: camera_pb2.Camera) -> str:
    """The time zone of a camera's site."""
    site = await find_site(channel, camera.site_id) if camera.site_id else None
    if site is None:
        raise CommandError(
            f"{camera.name} is at no site whose clocks could tell the hours",
            mend="name --time-zone, such as Europe/Paris",
        )
    return site.time_zone


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
            f"keeps pictures of crossings for {kept:g} h" if kept else "takes no pictures",
            "and counts "
            + (_hours(counting.schedule) if counting.HasField("schedule") else "at any hour"),
        )
    )


def _hours(schedule: schedule_pb2.Schedule) -> str:
    spans = (f"{DAYS[each.day - 1]} {each.begins}-{each.ends}" for each in schedule.hours)
    return f"{', '.join(spans)} on the clocks of {schedule.time_zone}"
