"""The VisitService of the contract."""

from dataclasses import dataclass

from tally.analytics.application.query.list_visits import ListVisits
from tally.analytics.application.query.query_dwells import QueryDwells
from tally.analytics.entrypoints import mapping, visit_mapping
from tally.api.analytics.v1 import visit_service_pb2 as messages
from tally.api.analytics.v1 import visit_service_pb2_grpc
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitServicer(visit_service_pb2_grpc.VisitServiceServicer):
    """Answers calls with the use cases."""

    list_visits: ListVisits
    query_dwells: QueryDwells

    async def ListVisits(  # noqa: N802 - gRPC's name
        self, request: messages.ListVisitsRequest, context: ServicerContext
    ) -> messages.ListVisitsResponse:
        """List single visits."""
        page = await self.list_visits(
            request.camera_id,
            current_sites(),
            *mapping.open_range(request),
            request.zone,
            visit_mapping.kind(request.kind),
            request.page_size,
            request.page_token,
        )
        return visit_mapping.visits_response(page)

    async def QueryDwells(  # noqa: N802 - gRPC's name
        self, request: messages.QueryDwellsRequest, context: ServicerContext
    ) -> messages.QueryDwellsResponse:
        """Tell how long people stayed."""
        dwells = await self.query_dwells(
            request.camera_id, mapping.time_span(request), current_sites()
        )
        return visit_mapping.dwells_response(dwells)
