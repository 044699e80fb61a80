"""The AnalyticsService of the contract."""

from tally.analytics.application.query.list_crossings import ListCrossings
from tally.analytics.application.query.query_flows import QueryFlows
from tally.analytics.application.query.query_heat_map import QueryHeatMap
from tally.analytics.application.query.query_line_counts import QueryLineCounts
from tally.analytics.application.query.query_zone_counts import QueryZoneCounts
from tally.analytics.entrypoints import mapping
from tally.api.analytics.v1 import analytics_service_pb2 as messages
from tally.api.analytics.v1 import analytics_service_pb2_grpc
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext


class AnalyticsServicer(analytics_service_pb2_grpc.AnalyticsServiceServicer):
    """Answers calls with the use cases."""

    def __init__(
        self,
        query_line_counts: QueryLineCounts,
        query_zone_counts: QueryZoneCounts,
        list_crossings: ListCrossings,
        query_flows: QueryFlows,
        query_heat_map: QueryHeatMap,
    ) -> None:
        self._query_line_counts = query_line_counts
        self._query_zone_counts = query_zone_counts
        self._list_crossings = list_crossings
        self._query_flows = query_flows
        self._query_heat_map = query_heat_map

    async def QueryLineCounts(  # noqa: N802 - gRPC's name
        self, request: messages.QueryLineCountsRequest, context: ServicerContext
    ) -> messages.QueryLineCountsResponse:
        """Sum crossings."""
        counts = await self._query_line_counts(
            request.camera_ids,
            mapping.time_span(request),
            mapping.granularity(request.granularity),
            current_sites(),
            request.object_classes,
        )
        return mapping.line_counts_response(counts)

    async def QueryZoneCounts(  # noqa: N802 - gRPC's name
        self, request: messages.QueryZoneCountsRequest, context: ServicerContext
    ) -> messages.QueryZoneCountsResponse:
        """Sum visits."""
        counts = await self._query_zone_counts(
            request.camera_ids,
            mapping.time_span(request),
            mapping.granularity(request.granularity),
            current_sites(),
        )
        return mapping.zone_counts_response(counts)

    async def ListCrossings(  # noqa: N802 - gRPC's name
        self, request: messages.ListCrossingsRequest, context: ServicerContext
    ) -> messages.ListCrossingsResponse:
        """List single crossings."""
        page = await self._list_crossings(
            request.camera_id,
            current_sites(),
            *mapping.open_range(request),
            request.line,
            request.page_size,
            request.page_token,
        )
        return mapping.crossings_response(page)

    async def QueryFlows(  # noqa: N802 - gRPC's name
        self, request: messages.QueryFlowsRequest, context: ServicerContext
    ) -> messages.QueryFlowsResponse:
        """Sum the ways from line to line."""
        flows = await self._query_flows(
            request.camera_id, mapping.time_span(request), current_sites()
        )
        return mapping.flows_response(flows)

    async def QueryHeatMap(  # noqa: N802 - gRPC's name
        self, request: messages.QueryHeatMapRequest, context: ServicerContext
    ) -> messages.QueryHeatMapResponse:
        """Sum where objects were."""
        heat = await self._query_heat_map(
            request.camera_id, mapping.time_span(request), current_sites()
        )
        return mapping.heat_map_response(heat)
