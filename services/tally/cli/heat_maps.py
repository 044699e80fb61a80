"""`tally heatmap`: where in a camera's picture people were."""

import asyncio
from contextlib import suppress
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import grpc
import typer
from rich.color import Color
from rich.style import Style
from rich.text import Text

from tally.api.analytics.v1 import analytics_service_pb2 as messages
from tally.api.analytics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from tally.api.camera.v1.stream_service_pb2 import GetSnapshotRequest
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.crossings import SpanOption, to_timestamp
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.probing import save_picture
from tally.cli.showing import JsonOption, console, parse_span, show_json
from tally.kernel.clock import utc_now
from tally.worker.agent.heat_picture import draw_heat

_DARK, _BRIGHT = (30, 12, 60), (252, 200, 60)
_SHADES = " ░▒▓█"


def heatmap(
    camera: CameraArgument,
    last: SpanOption = "24h",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FILE",
            help="Put it over what the camera sees now, people hidden, as JPEG.",
        ),
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show where in a camera's picture people were, and for how long."""
    with failing_clearly():
        now = utc_now()
        since = now - parse_span(last, "--last")
        asyncio.run(_heatmap(gateway, camera, since, now, save, as_json=as_json))


async def _heatmap(
    gateway: str, name: str, since: datetime, until: datetime, save: Path | None, *, as_json: bool
) -> None:
    picture = b""
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.QueryHeatMapRequest(
            camera_id=camera.id, start_time=to_timestamp(since), end_time=to_timestamp(until)
        )
        answer = await AnalyticsServiceStub(channel).QueryHeatMap(request)
        if save is not None:
            # A camera that shows nothing now has a heat map all the same.
            with suppress(grpc.aio.AioRpcError):
                wanted = GetSnapshotRequest(camera_id=camera.id)
                picture = (await StreamServiceStub(channel).GetSnapshot(wanted)).snapshot.jpeg
    if as_json:
        show_json(answer)
        return
    if save is not None:
        save_picture(draw_heat(picture, answer.seconds, answer.columns), save)
    else:
        console.print(heat_text(answer, coloured=console.color_system is not None))
    most = max(answer.seconds)
    console.print(
        f"{sum(answer.seconds) / 60:.1f} minutes of people in the picture, up to {most / 60:.1f} in one place"
        if most
        else f"nobody was seen in the picture of {camera.name}, or what was seen is not told yet: that takes a minute"
    )


def heat_text(heat: messages.QueryHeatMapResponse, *, coloured: bool) -> Text:
    """The map in half lines: each character shows one cell above another; without colours, the warmer of them."""
    most = max(heat.seconds) or 1.0
    shares = [(seconds / most) ** 0.5 for seconds in heat.seconds]
    cells = [shares[start : start + heat.columns] for start in range(0, len(shares), heat.columns)]
    text = Text()
    for above, below in zip_longest(cells[::2], cells[1::2], fillvalue=[0.0] * heat.columns):
        for upper, lower in zip(above, below, strict=True):
            if coloured:
                text.append("▀", Style(color=_colour(upper), bgcolor=_colour(lower)))
            else:
                text.append(_SHADES[round(max(upper, lower) * (len(_SHADES) - 1))])
        text.append("\n")
    return text


def _colour(share: float) -> Color:
    """Dark for 0 to bright for 1."""
    return Color.from_rgb(
        *(dark + (bright - dark) * share for dark, bright in zip(_DARK, _BRIGHT, strict=True))
    )
