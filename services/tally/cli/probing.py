"""`tally cameras probe`: what a stream shows, before anybody counts on it."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tally.api.camera.v1 import probe_pb2, stream_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.cli.cameras import camera_called
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.passwords import PasswordStdinOption, stream_credentials
from tally.cli.showing import console
from tally.cli.sites import site_called

SaveOption = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Where to put the picture, as JPEG.")
]


def probe(
    source: Annotated[
        str, typer.Argument(metavar="URI|CAMERA", help="A stream, or a camera's name or id.")
    ],
    site: Annotated[
        str, typer.Option(metavar="SITE", help="The site whose workers look, by name or id.")
    ] = "",
    username: Annotated[
        str, typer.Option(metavar="NAME", help="User of the camera; asks for the password.")
    ] = "",
    password_stdin: PasswordStdinOption = False,
    save: SaveOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Have a worker open a stream, and show what it found or why it found nothing."""
    with failing_clearly():
        credentials = stream_credentials(username, password_stdin=password_stdin)
        asyncio.run(_probe(gateway, source, site, credentials, save))


def save_picture(jpeg: bytes, file: Path | None) -> None:
    """Put a picture where the caller wants it, if anywhere.

    Raises:
        CommandError: The file cannot be written.
    """
    if file is None:
        return
    try:
        file.write_bytes(jpeg)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
    console.print(f"picture: {file}")


async def _probe(
    gateway: str,
    source: str,
    site: str,
    credentials: stream_pb2.StreamCredentials,
    save: Path | None,
) -> None:
    async with calling(gateway) as channel:
        if "://" in source:
            stream = stream_pb2.Stream(uri=source)
            if credentials.username:
                stream.credentials.CopyFrom(credentials)
            request = messages.ProbeStreamRequest(stream=stream)
            request.site_id = (await site_called(channel, site)).id if site else ""
        else:
            camera = await camera_called(channel, source)
            request = messages.ProbeStreamRequest(camera_id=camera.id)
        found = (await StreamServiceStub(channel).ProbeStream(request)).probe
    if found.HasField("failure"):
        reason = probe_pb2.StreamFailureReason.Name(found.failure.reason)
        kind = reason.removeprefix("STREAM_FAILURE_REASON_").lower().replace("_", " ")
        raise CommandError(f"{kind}: {found.failure.message}")
    console.print(stream_text(found.stream))
    if save is not None and not found.stream.jpeg:
        raise CommandError(
            "the camera hides people from everybody, so that a probe shows no picture",
            mend="an active camera shows one: tally cameras snapshot",
        )
    save_picture(found.stream.jpeg, save)


def stream_text(stream: probe_pb2.ProbedStream) -> str:
    """What a stream is, in one line."""
    parts = [
        stream.codec or "drawn",
        f"{stream.width} × {stream.height}",
        f"{stream.frames_per_second:.4g} frames a second" if stream.frames_per_second else "",
        "live" if stream.live else "a recording",
    ]
    return ", ".join(filter(None, parts))
