"""The admin contract's method: it has the use case run and translates what came of it."""

from dataclasses import dataclass

from tally.api.camera.v1 import camera_admin_service_pb2 as messages
from tally.api.camera.v1.camera_admin_service_pb2_grpc import CameraAdminServiceServicer
from tally.camera.application.command.rebuild_read_model import RebuildReadModel
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.rebuilding import Difference, Disagreement
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.message_bus import MessageBus

SHOWN = 1000
"""Differences in one answer at most."""

_KIND_TO_PROTO = {
    Disagreement.MISSING: messages.CameraDifference.KIND_MISSING,
    Disagreement.SUPERFLUOUS: messages.CameraDifference.KIND_SUPERFLUOUS,
    Disagreement.DIFFERENT: messages.CameraDifference.KIND_DIFFERENT,
}


@dataclass(frozen=True, slots=True)
class CameraAdminServicer(CameraAdminServiceServicer):
    """Serves `tally.api.camera.v1.CameraAdminService`."""

    use_cases: MessageBus[UnitOfWork]

    async def RebuildReadModel(  # noqa: N802 - gRPC's name
        self, request: messages.RebuildReadModelRequest, context: ServicerContext
    ) -> messages.RebuildReadModelResponse:
        """Make the read model again, and tell where it was wrong."""
        command = RebuildReadModel(validate_only=request.validate_only)
        rebuilt = await self.use_cases.execute(command)
        return messages.RebuildReadModelResponse(
            cameras=rebuilt.cameras,
            differing=len(rebuilt.differences),
            differences=map(_difference_to_proto, rebuilt.differences[:SHOWN]),
        )


def _difference_to_proto(difference: Difference) -> messages.CameraDifference:
    return messages.CameraDifference(
        camera_id=difference.camera_id,
        kind=_KIND_TO_PROTO[difference.kind],
        fields=difference.fields,
    )
