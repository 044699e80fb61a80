"""`tally cameras provision`: a new camera, followed until it is in service."""

import asyncio
from typing import Annotated
from uuid import uuid4

import grpc
import typer
from rich.live import Live

from tally.api.camera.v1 import provisioning_service_pb2 as messages
from tally.api.camera.v1 import saga_pb2
from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceStub
from tally.api.counting.v1.geometry_pb2 import CountingConfig
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.passwords import PasswordStdinOption, stream_credentials
from tally.cli.saga_progress import OVER, STATES, progress_text, steps_text
from tally.cli.shapes import (
    LineOption,
    ZoneOption,
    line_to_proto,
    parse_lines,
    parse_zones,
    zone_to_proto,
)
from tally.cli.showing import console
from tally.cli.sites import site_called

LOOK_S = 0.5


def provision(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    uri: Annotated[str, typer.Argument(help="Its stream, such as rtsp://host/path.")],
    line: LineOption = None,
    zone: ZoneOption = None,
    site: Annotated[
        str, typer.Option(metavar="SITE", help="The site where it is, by name or id.")
    ] = "",
    username: Annotated[
        str, typer.Option(metavar="NAME", help="User of the camera; asks for the password.")
    ] = "",
    password_stdin: PasswordStdinOption = False,
    timeout: Annotated[
        int, typer.Option(min=1, max=3600, help="Seconds until its first frame, at most.")
    ] = 120,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create a camera and follow it until a worker has seen its first frame; delete it if that takes too long.

    It goes on without you if you interrupt the command: see `tally sagas list`.
    """
    with failing_clearly():
        request = messages.ProvisionCameraRequest(request_id=str(uuid4()))
        request.timeout.seconds = timeout
        request.camera.name = name
        request.camera.stream.uri = uri
        request.camera.counting.CopyFrom(
            CountingConfig(
                lines=map(line_to_proto, parse_lines(line or [], 0.0)),
                zones=map(zone_to_proto, parse_zones(zone or [])),
            )
        )
        if username:
            request.camera.stream.credentials.CopyFrom(
                stream_credentials(username, password_stdin=password_stdin)
            )
        asyncio.run(_provision(gateway, request, site))


async def _provision(gateway: str, request: messages.ProvisionCameraRequest, site: str) -> None:
    async with calling(gateway) as channel:
        if site:
            request.camera.site_id = (await site_called(channel, site)).id
        saga = (await ProvisioningServiceStub(channel).ProvisionCamera(request)).saga
        said = ""
        with Live(console=console, auto_refresh=False) as live:
            while True:
                if console.is_terminal:
                    live.update(steps_text(saga), refresh=True)
                elif said != (said := progress_text(saga)):
                    console.print(said)
                if saga.state in OVER or saga.state == saga_pb2.SAGA_STATE_PARKED:
                    break
                await asyncio.sleep(LOOK_S)
                saga = await _look_again(channel, saga)
    if saga.state == saga_pb2.SAGA_STATE_DONE:
        console.print(f"{saga.camera_name} is in service: {saga.camera_id}")
        return
    if saga.state == saga_pb2.SAGA_STATE_PARKED:
        raise CommandError(
            f"the provisioning is parked: {saga.message}",
            mend=f"mend the cause, then `tally sagas retry {saga.id}`",
        )
    raise CommandError(
        f"{saga.camera_name} is not in service ({STATES[saga.state]}): {saga.reason}",
        mend=f"tally cameras probe {request.camera.stream.uri}",
    )


async def _look_again(channel: grpc.aio.Channel, saga: saga_pb2.Saga) -> saga_pb2.Saga:
    """The saga as it is now; as it was while nobody answers, since whoever is back goes on with it."""
    request = messages.GetSagaRequest(saga_id=saga.id)
    try:
        return (await ProvisioningServiceStub(channel).GetSaga(request)).saga
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return saga
