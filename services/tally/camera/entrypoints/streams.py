"""The stream contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceServicer
from tally.camera.application.query.describe_device import DescribeDevice
from tally.camera.application.query.discover_cameras import DiscoverCameras
from tally.camera.application.query.get_snapshot import GetSnapshot
from tally.camera.application.query.probe_stream import ProbeStream
from tally.camera.application.workers import Look
from tally.camera.mapping.values import credentials_from_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext

DEFAULT_WIDTH = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamServicer(StreamServiceServicer):
    """Serves `tally.api.camera.v1.StreamService`."""

    probe_stream: ProbeStream
    discover_cameras: DiscoverCameras
    describe_device: DescribeDevice
    get_snapshot: GetSnapshot

    async def ProbeStream(  # noqa: N802 - gRPC's name
        self, request: messages.ProbeStreamRequest, context: ServicerContext
    ) -> messages.ProbeStreamResponse:
        """Have a worker look at a stream."""
        if request.HasField("camera_id"):
            probe = await self.probe_stream.of_camera(request.camera_id, sites=current_sites())
        else:
            probe = await self.probe_stream.of_uri(
                request.stream.uri,
                credentials_from_proto(request.stream.credentials),
                request.site_id,
                sites=current_sites(),
            )
        return messages.ProbeStreamResponse(probe=probe)

    async def DiscoverCameras(  # noqa: N802 - gRPC's name
        self, request: messages.DiscoverCamerasRequest, context: ServicerContext
    ) -> messages.DiscoverCamerasResponse:
        """Have a worker search its network."""
        devices = await self.discover_cameras(request.site_id, sites=current_sites())
        return messages.DiscoverCamerasResponse(devices=devices)

    async def DescribeDevice(  # noqa: N802 - gRPC's name
        self, request: messages.DescribeDeviceRequest, context: ServicerContext
    ) -> messages.DescribeDeviceResponse:
        """Have a worker ask a device what it is."""
        description = await self.describe_device(
            request.address,
            credentials_from_proto(request.credentials),
            request.site_id,
            sites=current_sites(),
        )
        return messages.DescribeDeviceResponse(description=description)

    async def GetSnapshot(  # noqa: N802 - gRPC's name
        self, request: messages.GetSnapshotRequest, context: ServicerContext
    ) -> messages.GetSnapshotResponse:
        """Show what a camera sees."""
        look = Look(
            overlays=request.overlays,
            show_people=request.show_people,
            max_width=request.max_width or DEFAULT_WIDTH,
        )
        snapshot = await self.get_snapshot(
            request.camera_id,
            look,
            sites=current_sites(),
            people_sites=current_principal().sites_for("camera:write"),
        )
        return messages.GetSnapshotResponse(snapshot=snapshot)
