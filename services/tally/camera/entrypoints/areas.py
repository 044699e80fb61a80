"""The area contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import area_service_pb2 as messages
from tally.api.camera.v1.area_service_pb2_grpc import AreaServiceServicer
from tally.camera.application.command.create_area import CreateArea
from tally.camera.application.command.delete_area import DeleteArea
from tally.camera.application.command.update_area import UpdateArea
from tally.camera.application.query.get_area import GetArea
from tally.camera.application.query.list_areas import ListAreas
from tally.camera.domain.ports import UnitOfWork
from tally.camera.entrypoints.servicer import CREATED
from tally.camera.mapping.areas import area_revision, area_spec_from_proto, area_to_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class AreaServicer(AreaServiceServicer):
    """Serves `tally.api.camera.v1.AreaService`."""

    use_cases: MessageBus[UnitOfWork]

    async def CreateArea(  # noqa: N802 - gRPC's name
        self, request: messages.CreateAreaRequest, context: ServicerContext
    ) -> messages.CreateAreaResponse:
        """Create an area of a site."""
        command = CreateArea(
            spec=area_spec_from_proto(request.area),
            request=CreateRequest.of(request, request.request_id, current_principal().subject),
            sites=current_sites(),
        )
        area = await self.use_cases.execute(command)
        await context.send_initial_metadata(CREATED)
        return messages.CreateAreaResponse(area=area_to_proto(area))

    async def GetArea(  # noqa: N802 - gRPC's name
        self, request: messages.GetAreaRequest, context: ServicerContext
    ) -> messages.GetAreaResponse:
        """Return one area."""
        query = GetArea(area_id=request.area_id.lower(), sites=current_sites())
        area = await self.use_cases.execute(query)
        return messages.GetAreaResponse(area=area_to_proto(area))

    async def ListAreas(  # noqa: N802 - gRPC's name
        self, request: messages.ListAreasRequest, context: ServicerContext
    ) -> messages.ListAreasResponse:
        """List areas by name, a page at a time."""
        query = ListAreas(
            site_id=request.site_id.lower(),
            page_size=request.page_size,
            token=request.page_token,
            sites=current_sites(),
        )
        page = await self.use_cases.execute(query)
        return messages.ListAreasResponse(
            areas=map(area_to_proto, page.areas), next_page_token=page.next_page_token
        )

    async def UpdateArea(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateAreaRequest, context: ServicerContext
    ) -> messages.UpdateAreaResponse:
        """Change the fields that the mask names."""
        wanted = request.area
        command = UpdateArea(
            area_id=wanted.id.lower(),
            revise=area_revision(wanted),
            etag=wanted.etag,
            sites=current_sites(),
        )
        area = await self.use_cases.execute(command)
        return messages.UpdateAreaResponse(area=area_to_proto(area))

    async def DeleteArea(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteAreaRequest, context: ServicerContext
    ) -> messages.DeleteAreaResponse:
        """Delete an area."""
        command = DeleteArea(
            area_id=request.area_id.lower(), etag=request.etag, sites=current_sites()
        )
        await self.use_cases.execute(command)
        return messages.DeleteAreaResponse()
