"""The PictureService of the contract."""

from dataclasses import dataclass

from tally.analytics.application.query.get_crossing_picture import GetCrossingPicture
from tally.analytics.entrypoints import mapping
from tally.api.analytics.v1 import picture_service_pb2 as messages
from tally.api.analytics.v1 import picture_service_pb2_grpc
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext


@dataclass(frozen=True, slots=True)
class PictureServicer(picture_service_pb2_grpc.PictureServiceServicer):
    """Answers calls with the use case."""

    get_crossing_picture: GetCrossingPicture

    async def GetCrossingPicture(  # noqa: N802 - gRPC's name
        self, request: messages.GetCrossingPictureRequest, context: ServicerContext
    ) -> messages.GetCrossingPictureResponse:
        """Show what crossed."""
        picture = await self.get_crossing_picture(request.crossing_id, current_sites())
        return messages.GetCrossingPictureResponse(
            jpeg=picture.jpeg, crossing=mapping.crossing_record(picture.crossing)
        )
