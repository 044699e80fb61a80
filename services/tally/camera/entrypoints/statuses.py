"""The status contract's methods."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from tally.api.camera.v1 import status_service_pb2 as messages
from tally.api.camera.v1.status_service_pb2_grpc import StatusServiceServicer
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.status_board import StatusBoard
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.status import CameraStatus, Interest
from tally.camera.mapping.resource import camera_status_to_proto
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class StatusServicer(StatusServiceServicer):
    """Serves `tally.api.camera.v1.StatusService`."""

    use_cases: MessageBus[UnitOfWork]
    board: StatusBoard

    async def GetCameraStatus(  # noqa: N802 - gRPC's name
        self, request: messages.GetCameraStatusRequest, context: ServicerContext
    ) -> messages.GetCameraStatusResponse:
        """Return how one camera does."""
        query = GetCamera(camera_id=request.camera_id, sites=current_sites())
        status = CameraStatus.of(await self.use_cases.execute(query))
        return messages.GetCameraStatusResponse(status=camera_status_to_proto(status))

    async def WatchStatus(  # noqa: N802 - gRPC's name
        self, request: messages.WatchStatusRequest, context: ServicerContext
    ) -> AsyncIterator[messages.WatchStatusResponse]:
        """Stream how cameras do."""
        wanted = frozenset(camera_id.lower() for camera_id in request.camera_ids)
        async with aclosing(self.board.watch(Interest(wanted, current_sites()))) as changes:
            async for change in changes:
                yield messages.WatchStatusResponse(
                    statuses=map(camera_status_to_proto, change.statuses),
                    gone_camera_ids=change.gone,
                )
