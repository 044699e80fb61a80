"""The camera contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceServicer
from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.list_camera_events import ListCameraEvents
from tally.camera.application.query.list_cameras import ListCameras
from tally.camera.domain.ports import UnitOfWork
from tally.camera.mapping.history import past_from_proto, recorded_to_proto
from tally.camera.mapping.listing import masked, query_from_text
from tally.camera.mapping.resource import camera_to_proto, spec_from_proto
from tally.camera.mapping.revision import credentials_revision, revision
from tally.camera.mapping.values import credentials_from_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus

CREATED = (("x-tally-http-status", "201"),)
"""Has the gateway answer a REST call with 201."""


@dataclass(frozen=True, slots=True)
class CameraServicer(CameraServiceServicer):
    """Serves `tally.api.camera.v1.CameraService`."""

    use_cases: MessageBus[UnitOfWork]

    async def CreateCamera(  # noqa: N802 - gRPC's name
        self, request: messages.CreateCameraRequest, context: ServicerContext
    ) -> messages.CreateCameraResponse:
        """Create a camera, inactive."""
        command = CreateCamera(
            spec=spec_from_proto(request.camera),
            request=CreateRequest.of(request, request.request_id, current_principal().subject),
            credentials=credentials_from_proto(request.camera.stream.credentials),
            validate_only=request.validate_only,
            sites=current_sites(),
        )
        view = await self.use_cases.execute(command)
        if not request.validate_only:
            await context.send_initial_metadata(CREATED)
        return messages.CreateCameraResponse(camera=camera_to_proto(view))

    async def GetCamera(  # noqa: N802 - gRPC's name
        self, request: messages.GetCameraRequest, context: ServicerContext
    ) -> messages.GetCameraResponse:
        """Return one camera, as it is or as it was."""
        query = GetCamera(
            camera_id=request.camera_id, past=past_from_proto(request), sites=current_sites()
        )
        view = await self.use_cases.execute(query)
        return messages.GetCameraResponse(camera=masked(camera_to_proto(view), request.read_mask))

    async def ListCameraEvents(  # noqa: N802 - gRPC's name
        self, request: messages.ListCameraEventsRequest, context: ServicerContext
    ) -> messages.ListCameraEventsResponse:
        """List what happened to a camera, newest first, a page at a time."""
        query = ListCameraEvents(
            camera_id=request.camera_id,
            page_size=request.page_size,
            token=request.page_token,
            sites=current_sites(),
        )
        page = await self.use_cases.execute(query)
        return messages.ListCameraEventsResponse(
            events=map(recorded_to_proto, page.events), next_page_token=page.next_page_token
        )

    async def ListCameras(  # noqa: N802 - gRPC's name
        self, request: messages.ListCamerasRequest, context: ServicerContext
    ) -> messages.ListCamerasResponse:
        """List cameras, a page at a time."""
        query = ListCameras(
            query=query_from_text(request.filter, request.order_by),
            page_size=request.page_size,
            token=request.page_token,
            sites=current_sites(),
        )
        page = await self.use_cases.execute(query)
        return messages.ListCamerasResponse(
            cameras=[masked(camera_to_proto(view), request.read_mask) for view in page.cameras],
            next_page_token=page.next_page_token,
        )

    async def UpdateCamera(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateCameraRequest, context: ServicerContext
    ) -> messages.UpdateCameraResponse:
        """Change the fields that the mask names."""
        wanted = request.camera
        paths = request.update_mask.paths
        command = UpdateCamera(
            camera_id=wanted.id,
            revise=revision(wanted, paths),
            etag=wanted.etag,
            credentials=credentials_revision(wanted, paths),
            validate_only=request.validate_only,
            sites=current_sites(),
        )
        view = await self.use_cases.execute(command)
        return messages.UpdateCameraResponse(camera=camera_to_proto(view))

    async def DeleteCamera(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteCameraRequest, context: ServicerContext
    ) -> messages.DeleteCameraResponse:
        """Delete a camera."""
        command = DeleteCamera(
            camera_id=request.camera_id, etag=request.etag, sites=current_sites()
        )
        await self.use_cases.execute(command)
        return messages.DeleteCameraResponse()

    async def ActivateCamera(  # noqa: N802 - gRPC's name
        self, request: messages.ActivateCameraRequest, context: ServicerContext
    ) -> messages.ActivateCameraResponse:
        """Have a camera counted."""
        command = ActivateCamera(
            camera_id=request.camera_id, etag=request.etag, sites=current_sites()
        )
        view = await self.use_cases.execute(command)
        return messages.ActivateCameraResponse(camera=camera_to_proto(view))

    async def DeactivateCamera(  # noqa: N802 - gRPC's name
        self, request: messages.DeactivateCameraRequest, context: ServicerContext
    ) -> messages.DeactivateCameraResponse:
        """Have a camera counted no longer."""
        command = DeactivateCamera(
            camera_id=request.camera_id, etag=request.etag, sites=current_sites()
        )
        view = await self.use_cases.execute(command)
        return messages.DeactivateCameraResponse(camera=camera_to_proto(view))
