"""`tally cameras status` and `tally cameras watch`: how cameras do."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.camera.v1 import status_service_pb2 as messages
from tally.api.camera.v1.status_service_pb2_grpc import StatusServiceStub
from tally.cli.cameras import camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, local_time, show_json, table_of

HEADINGS = ("camera", "stream", "since", "picture", "frames/s", "why")
CamerasArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[CAMERA]…", help="Names or ids; all by default.")
]
_STREAMS = {
    stream_pb2.STREAM_STATE_CONNECTING: ("connecting", "yellow"),
    stream_pb2.STREAM_STATE_STREAMING: ("streaming", "green"),
    stream_pb2.STREAM_STATE_UNREACHABLE: ("unreachable", "bold red"),
    stream_pb2.STREAM_STATE_ENDED: ("ended", "cyan"),
    stream_pb2.STREAM_STATE_RESTING: ("resting", "cyan"),
}

_CONDITIONS = {
    stream_pb2.StreamCondition.KIND_FROZEN: "frozen",
    stream_pb2.StreamCondition.KIND_OBSCURED: "dark or covered",
    stream_pb2.StreamCondition.KIND_VIEW_MOVED: "view moved",
    stream_pb2.StreamCondition.KIND_SLOW: "slow",
}


def status(
    camera: CamerasArgument = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show how cameras do now."""
    with failing_clearly():
        asyncio.run(_status(gateway, camera or [], as_json=as_json))


def watch(camera: CamerasArgument = None, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Show how cameras do, and go on showing it: a table in a terminal, a line for each change elsewhere."""
    with failing_clearly():
        asyncio.run(_watch(gateway, camera or []))


async def _status(gateway: str, names: Iterable[str], *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        ids = [(await camera_called(channel, name)).id for name in names]
        call = StatusServiceStub(channel).WatchStatus(messages.WatchStatusRequest(camera_ids=ids))
        first = await call.read()
        call.cancel()
    assert isinstance(first, messages.WatchStatusResponse)  # noqa: S101 - anything else is an error, which read raises
    if as_json:
        show_json(first.statuses)
        return
    console.print(_table(first.statuses))


async def _watch(gateway: str, names: Iterable[str]) -> None:
    shown: dict[str, messages.CameraStatus] = {}
    printed: dict[str, str] = {}
    async with calling(gateway) as channel:
        ids = [(await camera_called(channel, name)).id for name in names]
        request = messages.WatchStatusRequest(camera_ids=ids)
        changes = StatusServiceStub(channel).WatchStatus(request)
        with Live(console=console, auto_refresh=False) as live:
            async for change in changes:
                shown |= {each.camera_id: each for each in change.statuses}
                for camera_id in change.gone_camera_ids:
                    shown.pop(camera_id, None)
                if console.is_terminal:
                    live.update(_table(shown.values()), refresh=True)
                else:
                    for each in change.statuses:
                        line = "  ".join(text.plain for text in _state(each) if text).rstrip()
                        if printed.get(each.camera_id) != line:
                            console.print(line)
                        printed[each.camera_id] = line


def _table(statuses: Iterable[messages.CameraStatus]) -> Table:
    return table_of(HEADINGS, map(_row, sorted(statuses, key=lambda each: each.name)))


def _row(each: messages.CameraStatus) -> tuple[Text, ...]:
    name, state, since, why = _state(each)
    stream = each.stream_status
    size = f"{stream.width}×{stream.height}" if stream.width else ""
    rate = ""
    if stream.state == stream_pb2.STREAM_STATE_STREAMING:
        rate = f"{stream.frames_per_second:.1f}"
        if stream.nominal_frames_per_second:
            rate += f" of {stream.nominal_frames_per_second:.3g}"
    reopened = f"reopened {stream.reconnects}×" if stream.reconnects else ""
    said = ", ".join(filter(None, (why.plain, reopened)))
    return name, state, since, Text(size), Text(rate), Text(said)


def _state(each: messages.CameraStatus) -> tuple[Text, Text, Text, Text]:
    """The camera, how it does, since when, and why."""
    if each.state != camera_pb2.CAMERA_STATE_ACTIVE:
        return Text(each.name), Text("inactive", "dim"), Text(), Text()
    stream = each.stream_status
    state, style = _STREAMS.get(stream.state, ("waiting for a worker", "yellow"))
    since = local_time(stream.start_time) if stream.HasField("start_time") else ""
    if stream.conditions:
        style = "bold yellow"
        state = ", ".join(_CONDITIONS.get(each.kind, "trouble") for each in stream.conditions)
    return Text(each.name), Text(state, style), Text(since), Text(stream.reason)
