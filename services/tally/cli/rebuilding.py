"""`tally cameras rebuild`: the read model of cameras, made again from the events."""

import asyncio
from typing import Annotated

import typer

from tally.api.camera.v1 import camera_admin_service_pb2 as messages
from tally.api.camera.v1.camera_admin_service_pb2_grpc import CameraAdminServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, show_json, show_table

_KINDS = {
    messages.CameraDifference.KIND_MISSING: "was not shown",
    messages.CameraDifference.KIND_SUPERFLUOUS: "was shown, but there is none",
    messages.CameraDifference.KIND_DIFFERENT: "was shown with wrong fields",
}


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is wrong, and leave it so.")
    ] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Make what is shown of cameras again from their events, and say where it was wrong. For super admins."""
    with failing_clearly():
        asyncio.run(_rebuild(gateway, check=check, as_json=as_json))


async def _rebuild(gateway: str, *, check: bool, as_json: bool) -> None:
    async with calling(gateway) as channel:
        answer = await CameraAdminServiceStub(channel).RebuildReadModel(
            messages.RebuildReadModelRequest(validate_only=check)
        )
    if as_json:
        show_json(answer)
        return
    if not answer.differing:
        console.print(f"all {answer.cameras} cameras are shown as their events say")
        return
    show_table(
        ["camera", "", "fields"],
        [
            (each.camera_id, _KINDS[each.kind], ", ".join(each.fields))
            for each in answer.differences
        ],
    )
    outcome = "wrong" if check else "mended; all are shown as their events say now"
    console.print(f"{answer.differing} of {answer.cameras} cameras: {outcome}")
