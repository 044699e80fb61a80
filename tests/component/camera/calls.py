"""Calls of the camera contract."""

from collections.abc import Sequence
from uuid import uuid4

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.camera.v1 import (
    camera_pb2,
    camera_service_pb2,
    camera_service_pb2_grpc,
    site_pb2,
    stream_pb2,
)
from tally.api.camera.v1 import site_service_pb2 as messages
from tally.api.camera.v1.site_service_pb2_grpc import SiteServiceStub
from tally.api.counting.v1 import geometry_pb2

UNKNOWN_ID = "0190a5b2-0000-7000-8000-000000000001"


class Cameras:
    """The contract's methods with their messages taken apart."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = camera_service_pb2_grpc.CameraServiceStub(channel)

    async def create(
        self, camera: camera_pb2.Camera | None = None, request_id: str = ""
    ) -> camera_pb2.Camera:
        request = camera_service_pb2.CreateCameraRequest(
            camera=camera or a_camera(), request_id=request_id
        )
        return (await self.stub.CreateCamera(request)).camera

    async def get(self, camera_id: str) -> camera_pb2.Camera:
        request = camera_service_pb2.GetCameraRequest(camera_id=camera_id)
        return (await self.stub.GetCamera(request)).camera

    async def at_version(self, camera_id: str, version: int) -> camera_pb2.Camera:
        request = camera_service_pb2.GetCameraRequest(camera_id=camera_id, version=version)
        return (await self.stub.GetCamera(request)).camera

    async def at_time(self, camera_id: str, time: Timestamp) -> camera_pb2.Camera:
        request = camera_service_pb2.GetCameraRequest(camera_id=camera_id, as_of=time)
        return (await self.stub.GetCamera(request)).camera

    async def events(
        self, camera_id: str, page_size: int = 0, page_token: str = ""
    ) -> camera_service_pb2.ListCameraEventsResponse:
        return await self.stub.ListCameraEvents(
            camera_service_pb2.ListCameraEventsRequest(
                camera_id=camera_id, page_size=page_size, page_token=page_token
            )
        )

    async def list(
        self,
        page_size: int = 0,
        page_token: str = "",
        *,
        filter_: str = "",
        order_by: str = "",
        paths: Sequence[str] = (),
    ) -> camera_service_pb2.ListCamerasResponse:
        return await self.stub.ListCameras(
            camera_service_pb2.ListCamerasRequest(
                page_size=page_size,
                page_token=page_token,
                filter=filter_,
                order_by=order_by,
                read_mask=FieldMask(paths=paths),
            )
        )

    async def update(self, camera: camera_pb2.Camera, *paths: str) -> camera_pb2.Camera:
        request = camera_service_pb2.UpdateCameraRequest(
            camera=camera, update_mask=FieldMask(paths=paths)
        )
        return (await self.stub.UpdateCamera(request)).camera

    async def delete(self, camera_id: str, etag: str = "") -> None:
        await self.stub.DeleteCamera(
            camera_service_pb2.DeleteCameraRequest(camera_id=camera_id, etag=etag)
        )

    async def activate(self, camera_id: str, etag: str = "") -> camera_pb2.Camera:
        request = camera_service_pb2.ActivateCameraRequest(camera_id=camera_id, etag=etag)
        return (await self.stub.ActivateCamera(request)).camera

    async def deactivate(self, camera_id: str, etag: str = "") -> camera_pb2.Camera:
        request = camera_service_pb2.DeactivateCameraRequest(camera_id=camera_id, etag=etag)
        return (await self.stub.DeactivateCamera(request)).camera


class Sites:
    """The site contract's methods with their messages taken apart."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = SiteServiceStub(channel)

    async def create(self, site: site_pb2.Site, request_id: str = "") -> site_pb2.Site:
        request = messages.CreateSiteRequest(site=site, request_id=request_id)
        return (await self.stub.CreateSite(request)).site

    async def get(self, site_id: str) -> site_pb2.Site:
        return (await self.stub.GetSite(messages.GetSiteRequest(site_id=site_id))).site

    async def update(self, site: site_pb2.Site, *paths: str) -> site_pb2.Site:
        request = messages.UpdateSiteRequest(site=site, update_mask=FieldMask(paths=paths))
        return (await self.stub.UpdateSite(request)).site

    async def delete(self, site_id: str, etag: str = "") -> None:
        await self.stub.DeleteSite(messages.DeleteSiteRequest(site_id=site_id, etag=etag))

    async def names(self, page_size: int = 0) -> list[str]:
        request = messages.ListSitesRequest(page_size=page_size)
        found: list[str] = []
        while True:
            answer = await self.stub.ListSites(request)
            found += [site.name for site in answer.sites]
            if not answer.next_page_token:
                return found
            request.page_token = answer.next_page_token


def point(x: float, y: float) -> geometry_pb2.Point:
    return geometry_pb2.Point(x=x, y=y)


def a_camera(name: str | None = None) -> camera_pb2.Camera:
    """A valid camera with everything set that users can set."""
    return camera_pb2.Camera(
        name=name or f"camera {uuid4().hex[:8]}",
        stream=stream_pb2.Stream(uri="demo://plaza", pace=stream_pb2.PACE_REALTIME),
        counting=geometry_pb2.CountingConfig(
            lines=[
                geometry_pb2.Line(
                    name="door",
                    start=point(0.1, 0.5),
                    end=point(0.9, 0.5),
                    anchor=geometry_pb2.ANCHOR_FOOT,
                )
            ],
            zones=[
                geometry_pb2.Zone(
                    name="hall",
                    polygon=[point(0.1, 0.1), point(0.9, 0.1), point(0.5, 0.9)],
                    anchor=geometry_pb2.ANCHOR_CENTRE,
                )
            ],
            detector="motion",
            classes=["person"],
        ),
        labels={"site": "north"},
    )


def a_site(name: str) -> site_pb2.Site:
    return site_pb2.Site(
        name=name,
        address="1 Tràng Tiền, Hà Nội",
        time_zone="Asia/Ho_Chi_Minh",
        capacity=120,
        opening_hours=[
            site_pb2.OpeningHours(day=site_pb2.WEEKDAY_MONDAY, opens="09:00", closes="24:00")
        ],
    )
