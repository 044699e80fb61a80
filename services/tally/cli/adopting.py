"""`tally cameras adopt`: an ONVIF device becomes a camera."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import grpc
import typer

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, discovery_pb2, stream_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.cli.discovering import host_of
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.passwords import PasswordStdinOption, stream_credentials
from tally.cli.showing import console, show_table
from tally.cli.sites import site_called

Profiles = Sequence[discovery_pb2.DeviceProfile]


def adopt(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="URL of its device service, as `tally cameras discover` shows it.",
        ),
    ],
    name: Annotated[
        str,
        typer.Option(metavar="NAME", help="What to call the camera; by default model and host."),
    ] = "",
    profile: Annotated[
        str, typer.Option(metavar="PROFILE", help="Which of its streams; by default the first.")
    ] = "",
    site: Annotated[
        str,
        typer.Option(
            metavar="SITE", help="Where it is, by name or id; workers of that site ask it."
        ),
    ] = "",
    username: Annotated[
        str, typer.Option(metavar="NAME", help="User of the device; asks for the password.")
    ] = "",
    password_stdin: PasswordStdinOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it is and which streams it has, no more.")
    ] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Ask an ONVIF device for its streams, and make a camera of one of them."""
    with failing_clearly():
        credentials = stream_credentials(username, password_stdin=password_stdin)
        asyncio.run(_adopt(gateway, address, name, profile, site, credentials, dry_run=dry_run))


async def _adopt(
    gateway: str,
    address: str,
    name: str,
    profile: str,
    site: str,
    credentials: stream_pb2.StreamCredentials,
    *,
    dry_run: bool,
) -> None:
    async with calling(gateway) as channel:
        site_id = (await site_called(channel, site)).id if site else ""
        device = await _described(channel, address, site_id, credentials)
        console.print(f"{device.manufacturer} {device.model}, software {device.firmware}")
        show_table(["stream", "picture", "address"], list(map(_row, device.profiles)))
        chosen = _chosen(device.profiles, profile)
        if dry_run:
            return
        stream = stream_pb2.Stream(uri=chosen.uri)
        if credentials.username:
            stream.credentials.CopyFrom(credentials)
        camera = camera_pb2.Camera(
            name=name or f"{device.model} {host_of(address)}", stream=stream, site_id=site_id
        )
        request = camera_service_pb2.CreateCameraRequest(camera=camera)
        made = (await CameraServiceStub(channel).CreateCamera(request)).camera
    console.print(f"{made.name}: {made.id}", "activate it once its lines are drawn", sep="\n")


async def _described(
    channel: grpc.aio.Channel,
    address: str,
    site_id: str,
    credentials: stream_pb2.StreamCredentials,
) -> discovery_pb2.DescribedDevice:
    request = messages.DescribeDeviceRequest(
        address=address, site_id=site_id, credentials=credentials
    )
    description = (await StreamServiceStub(channel).DescribeDevice(request)).description
    if description.HasField("failure"):
        raise CommandError(description.failure.message)
    return description.device


def _chosen(profiles: Profiles, name: str) -> discovery_pb2.DeviceProfile:
    for profile in profiles:
        if name in ("", profile.name):
            return profile
    if not profiles:
        raise CommandError("the device offers no stream over RTSP")
    names = ", ".join(profile.name for profile in profiles)
    raise CommandError(f"the device has no stream called {name!r}", mend=f"choose one of: {names}")


def _row(profile: discovery_pb2.DeviceProfile) -> tuple[str, str, str]:
    picture = [
        profile.codec,
        f"{profile.width}×{profile.height}" if profile.width else "",
        f"{profile.frames_per_second:.3g}/s" if profile.frames_per_second else "",
    ]
    return profile.name, " ".join(filter(None, picture)), profile.uri
