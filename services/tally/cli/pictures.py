"""`tally picture`: what crossed."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tally.api.analytics.v1 import picture_service_pb2 as messages
from tally.api.analytics.v1.picture_service_pb2_grpc import PictureServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.probing import save_picture
from tally.cli.showing import console, local_time


def picture(
    crossing: Annotated[str, typer.Argument(help="A crossing's id; `tally crossings` lists them.")],
    save: Annotated[
        Path, typer.Option("--save", metavar="FILE", help="Where to put the picture, as JPEG.")
    ],
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Save the picture of a crossing, with faces and number plates covered as far as boxes tell."""
    with failing_clearly():
        asyncio.run(_picture(gateway, crossing, save))


async def _picture(gateway: str, crossing_id: str, save: Path) -> None:
    async with calling(gateway) as channel:
        request = messages.GetCrossingPictureRequest(crossing_id=crossing_id)
        answer = await PictureServiceStub(channel).GetCrossingPicture(request)
    save_picture(answer.jpeg, save)
    crossing = answer.crossing.crossing
    console.print(
        f"{crossing.object_class} at {crossing.line}, {local_time(crossing.time)}; "
        f"kept until {local_time(crossing.picture_expire_time)}"
    )
