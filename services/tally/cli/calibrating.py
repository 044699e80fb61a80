"""`tally cameras calibrate`: where on the floor a camera's picture is, in metres."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import console
from tally.counting import Calibration


def calibrate(
    camera: CameraArgument,
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--place",
            metavar="X,Y=METRES,METRES",
            help="A place in the picture (0,0 top left, 1,1 bottom right) and where it is on a plan of the "
            "floor: metres to the right, metres away. Four of them, such as a rectangle's corners.",
        ),
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Say where four places of a camera's picture are on the floor, so that crossings tell speeds.

    Without any, nobody knows.
    """
    with failing_clearly():
        asyncio.run(_calibrate(gateway, camera, parse_places(place or [])))


def parse_places(texts: Sequence[str]) -> list[geometry_pb2.FloorPlace]:
    """Places from `X,Y=METRES,METRES`.

    Raises:
        typer.BadParameter: One is malformed, or they are no calibration.
    """
    places = []
    for text in texts:
        try:
            (x, y), (x_m, y_m) = (map(float, part.split(",")) for part in text.split("="))
        except ValueError:
            raise typer.BadParameter(
                f"{text!r}: write 0.3,0.8=0,2.5", param_hint="--place"
            ) from None
        picture = geometry_pb2.Point(x=x, y=y)
        places.append(geometry_pb2.FloorPlace(picture=picture, x_m=x_m, y_m=y_m))
    if places:
        try:
            Calibration(
                tuple((place.picture.x, place.picture.y) for place in places),
                tuple((place.x_m, place.y_m) for place in places),
            )
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--place") from None
    return places


async def _calibrate(gateway: str, name: str, places: Sequence[geometry_pb2.FloorPlace]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = camera_pb2.Camera(
            id=camera.id,
            etag=camera.etag,
            counting=geometry_pb2.CountingConfig(calibration=places),
        )
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.append("counting.calibration")
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    known = "tells speeds" if answer.camera.counting.calibration else "is not calibrated"
    console.print(f"{answer.camera.name} {known}")
