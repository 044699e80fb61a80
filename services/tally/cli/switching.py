"""`tally models switch` and back: another detector for many cameras."""

import asyncio
from collections.abc import Iterable
from typing import Annotated
from uuid import uuid4

import typer

from tally.api.camera.v1 import model_switch_pb2
from tally.api.camera.v1 import model_switch_service_pb2 as messages
from tally.api.camera.v1.model_switch_service_pb2_grpc import ModelSwitchServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.cli.sites import site_called

SwitchArgument = Annotated[
    str, typer.Argument(metavar="SWITCH", help="Its id, from `tally models switches`.")
]
_OUTCOMES = {
    model_switch_pb2.SWITCH_OUTCOME_SWITCHED: "switched",
    model_switch_pb2.SWITCH_OUTCOME_ROLLED_BACK: "put back",
    model_switch_pb2.SWITCH_OUTCOME_CHANGED_SINCE: "left alone: has yet another detector since",
    model_switch_pb2.SWITCH_OUTCOME_GONE: "deleted since",
}


def switch(
    from_detector: Annotated[
        str,
        typer.Argument(
            metavar="FROM", help='What the cameras use; "" for those that leave it to their worker.'
        ),
    ],
    to_detector: Annotated[str, typer.Argument(metavar="TO", help="What they are to use.")],
    site: Annotated[str, typer.Option(help="Those of this site only; its name or id.")] = "",
    put_back_on_failure: Annotated[
        bool,
        typer.Option(help="Put a camera back that counts now and does not after two minutes."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show which they are and change nothing.")
    ] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Have cameras use another detector, all of them or none."""
    with failing_clearly():
        request = messages.SwitchModelRequest(
            from_detector=from_detector,
            to_detector=to_detector,
            request_id=str(uuid4()),
            put_back_on_failure=put_back_on_failure,
            validate_only=dry_run,
        )
        asyncio.run(_switch(gateway, site, request))


def rollback(switch_id: SwitchArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Give cameras the detector back that they had before a switch, unless it was changed since."""
    with failing_clearly():
        asyncio.run(_roll_back(gateway, switch_id))


def switches(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show the switches, the newest first."""
    with failing_clearly():
        asyncio.run(_list(gateway, limit, as_json=as_json))


async def _switch(gateway: str, site: str, request: messages.SwitchModelRequest) -> None:
    async with calling(gateway) as channel:
        if site:
            request.filter = f"site_id = {(await site_called(channel, site)).id}"
        made = (await ModelSwitchServiceStub(channel).SwitchModel(request)).model_switch
    _show_cameras(made.cameras)
    if request.validate_only:
        console.print(f"{made.camera_count} would use {made.to_detector}; nothing is changed")
    else:
        console.print(f"{made.camera_count} use {made.to_detector} from now on")
        if made.HasField("watch_end_time"):
            console.print(f"put back at {local_time(made.watch_end_time)} unless they count")
        console.print(f"back again: tally models rollback {made.id}")


async def _roll_back(gateway: str, switch_id: str) -> None:
    async with calling(gateway) as channel:
        request = messages.RollBackSwitchRequest(switch_id=switch_id)
        answer = await ModelSwitchServiceStub(channel).RollBackSwitch(request)
    _show_cameras(answer.model_switch.cameras)


async def _list(gateway: str, limit: int, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.ListSwitchesRequest(page_size=limit)
        found = (await ModelSwitchServiceStub(channel).ListSwitches(request)).switches
    if as_json:
        show_json(found)
        return
    show_table(
        ["switch", "from", "to", "cameras", "time", "rolled back", "failed"],
        [
            (
                each.id,
                each.from_detector,
                each.to_detector,
                str(each.camera_count),
                local_time(each.create_time),
                local_time(each.roll_back_time) if each.HasField("roll_back_time") else "",
                str(each.put_back_count) if each.HasField("watch_end_time") else "",
            )
            for each in found
        ],
    )


def _show_cameras(cameras: Iterable[model_switch_pb2.SwitchedCamera]) -> None:
    show_table(
        ["camera", "version", "detector"],
        [
            (
                each.name,
                str(each.version),
                _OUTCOMES[each.outcome] + (f": {each.failure}" if each.failure else ""),
            )
            for each in cameras
        ],
    )
