"""Makes sure that the cameras named on the command line exist and are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from tally.api.camera.v1 import (
    camera_pb2,
    camera_service_pb2,
    camera_service_pb2_grpc,
    site_service_pb2,
    site_service_pb2_grpc,
    stream_pb2,
)
from tally.api.camera.v1.site_pb2 import Site
from tally.api.counting.v1 import geometry_pb2
from tally.cli.shapes import line_to_proto
from tally.cli.sites import find_site
from tally.counting import Line, Zone
from tally.worker.agent.sources.demo.layout import DEMO_LINES, DEMO_ZONES

MIDDLE = (Line("Middle", ((0.5, 1.0), (0.5, 0.0))),)
CENTRE = (Zone("Centre", polygon=((0.25, 0.25), (0.75, 0.25), (0.75, 0.95), (0.25, 0.95))),)


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera as the command line names it."""

    name: str
    uri: str
    lines: Sequence[Line] = MIDDLE
    zones: Sequence[Zone] = CENTRE
    site: str = ""


DEMO = NewCamera("Demo plaza", "demo://plaza", DEMO_LINES, DEMO_ZONES, "Demo")


async def ensure_camera(channel: grpc.aio.Channel, wanted: NewCamera) -> None:
    """Create the camera unless one of its name is there, point it at its stream, and have it counted.

    A camera that is there keeps its lines and zones: somebody may have moved them.
    """
    cameras = camera_service_pb2_grpc.CameraServiceStub(channel)
    camera = await _find(cameras, wanted.name)
    if camera is None:
        message = _message(wanted)
        if wanted.site:
            message.site_id = await _site_id(channel, wanted.site)
        request = camera_service_pb2.CreateCameraRequest(camera=message)
        camera = (await cameras.CreateCamera(request)).camera
    elif camera.stream.uri != wanted.uri:
        camera.stream.uri = wanted.uri
        update = camera_service_pb2.UpdateCameraRequest(camera=camera)
        update.update_mask.paths.append("stream.uri")
        await cameras.UpdateCamera(update)
    await cameras.ActivateCamera(camera_service_pb2.ActivateCameraRequest(camera_id=camera.id))


async def _site_id(channel: grpc.aio.Channel, name: str) -> str:
    """The id of the site of this name, which is made, in UTC, if it is missing."""
    site = await find_site(channel, name)
    if site is None:
        request = site_service_pb2.CreateSiteRequest(site=Site(name=name, time_zone="UTC"))
        site = (await site_service_pb2_grpc.SiteServiceStub(channel).CreateSite(request)).site
    return site.id


async def _find(
    cameras: "camera_service_pb2_grpc.CameraServiceAsyncStub", name: str
) -> camera_pb2.Camera | None:
    token = ""
    while True:
        page = await cameras.ListCameras(
            camera_service_pb2.ListCamerasRequest(page_size=1000, page_token=token)
        )
        for camera in page.cameras:
            if camera.name == name:
                return camera
        token = page.next_page_token
        if not token:
            return None


def _message(wanted: NewCamera) -> camera_pb2.Camera:
    return camera_pb2.Camera(
        name=wanted.name,
        stream=stream_pb2.Stream(uri=wanted.uri),
        counting=geometry_pb2.CountingConfig(
            lines=map(line_to_proto, wanted.lines),
            zones=[
                geometry_pb2.Zone(
                    name=zone.name, polygon=[_point(corner) for corner in zone.polygon]
                )
                for zone in wanted.zones
            ],
        ),
    )


def _point(place: tuple[float, float]) -> geometry_pb2.Point:
    return geometry_pb2.Point(x=place[0], y=place[1])
