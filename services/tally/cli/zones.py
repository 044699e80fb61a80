"""`tally cameras zones`: in what a camera counts presence, and what is told of it."""

import asyncio
from collections.abc import Sequence

from tally.api.camera.v1 import camera_pb2
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.shapes import (
    LoiteringOption,
    QueueOption,
    RestrictedOption,
    ZoneOption,
    parse_zones,
    with_duties,
    zone_to_proto,
)
from tally.cli.showing import console
from tally.counting import Zone


def zones(
    camera: CameraArgument,
    zone: ZoneOption = None,
    queue: QueueOption = None,
    restricted: RestrictedOption = None,
    loitering: LoiteringOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Replace a camera's zones by those given; counts of zones that keep their name go on."""
    with failing_clearly():
        drawn = with_duties(parse_zones(zone or []), queue or [], restricted or [], loitering or [])
        asyncio.run(_set_zones(gateway, camera, drawn))


async def _set_zones(gateway: str, name: str, drawn: Sequence[Zone]) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        wanted = camera_pb2.Camera(
            id=camera.id,
            etag=camera.etag,
            counting=geometry_pb2.CountingConfig(zones=map(zone_to_proto, drawn)),
        )
        request = messages.UpdateCameraRequest(camera=wanted)
        request.update_mask.paths.append("counting.zones")
        answer = await CameraServiceStub(channel).UpdateCamera(request)
    shown = "; ".join(map(_zone_text, answer.camera.counting.zones))
    console.print(f"{answer.camera.name} counts in {shown or 'no zone'}")


def _zone_text(zone: geometry_pb2.Zone) -> str:
    after_s = zone.loitering_after.ToTimedelta().total_seconds()
    duties = [
        text
        for holds, text in (
            (zone.queue, "a queue"),
            (zone.restricted, "restricted"),
            (after_s, f"loitering after {after_s:g} s"),
        )
        if holds
    ]
    return zone.name + (f" ({', '.join(duties)})" if duties else "")
