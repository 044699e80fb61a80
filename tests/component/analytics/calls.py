"""Calls of the analytics contract."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, analytics_service_pb2_grpc
from tally.kernel.bus import CAMERA, Bus, Envelope
from tally.kernel.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Analytics:
    """The contract's methods with their messages taken apart."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)

    async def lines(
        self,
        *camera_ids: str,
        start: datetime = NOON,
        end: datetime = NOON + 4 * HOUR,
        granularity: analytics_pb2.Granularity.ValueType = analytics_pb2.GRANULARITY_HOUR,
        object_classes: Sequence[str] = (),
    ) -> Sequence[analytics_pb2.LineCount]:
        request = analytics_service_pb2.QueryLineCountsRequest(
            camera_ids=camera_ids,
            start_time=timestamp(start),
            end_time=timestamp(end),
            granularity=granularity,
            object_classes=object_classes,
        )
        return (await self.stub.QueryLineCounts(request)).counts

    async def zones(
        self,
        *camera_ids: str,
        start: datetime = NOON,
        end: datetime = NOON + 4 * HOUR,
        granularity: analytics_pb2.Granularity.ValueType = analytics_pb2.GRANULARITY_HOUR,
    ) -> Sequence[analytics_pb2.ZoneCount]:
        request = analytics_service_pb2.QueryZoneCountsRequest(
            camera_ids=camera_ids,
            start_time=timestamp(start),
            end_time=timestamp(end),
            granularity=granularity,
        )
        return (await self.stub.QueryZoneCounts(request)).counts

    async def crossings(
        self, camera_id: str, page_size: int = 0, page_token: str = "", line: str = ""
    ) -> analytics_service_pb2.ListCrossingsResponse:
        request = analytics_service_pb2.ListCrossingsRequest(
            camera_id=camera_id, page_size=page_size, page_token=page_token, line=line
        )
        return await self.stub.ListCrossings(request)

    async def flows(
        self, camera_id: str, start: datetime = NOON, end: datetime = NOON + 4 * HOUR
    ) -> dict[tuple[str, str], int]:
        """Crossings by previous line and line."""
        request = analytics_service_pb2.QueryFlowsRequest(
            camera_id=camera_id, start_time=timestamp(start), end_time=timestamp(end)
        )
        flows = (await self.stub.QueryFlows(request)).flows
        return {(flow.previous_line, flow.line): flow.count for flow in flows}

    async def heat(
        self, camera_id: str, start: datetime = NOON, end: datetime = NOON + 4 * HOUR
    ) -> dict[int, float]:
        """Seconds by cell of a grid that is as large as the contract says."""
        request = analytics_service_pb2.QueryHeatMapRequest(
            camera_id=camera_id, start_time=timestamp(start), end_time=timestamp(end)
        )
        answer = await self.stub.QueryHeatMap(request)
        assert len(answer.seconds) == answer.columns * answer.rows
        return {cell: spent for cell, spent in enumerate(answer.seconds) if spent}

    async def total(self, camera_id: str) -> tuple[int, int, float]:
        """Crossings in and out, and seconds observed."""
        counts = await self.lines(camera_id, granularity=analytics_pb2.GRANULARITY_TOTAL)
        return (
            sum(count.in_count for count in counts),
            sum(count.out_count for count in counts),
            sum(count.observed.ToTimedelta().total_seconds() for count in counts),
        )

    async def reaches(self, camera_id: str, total: tuple[int, int, float]) -> None:
        """Wait until the camera's total is this one."""
        async with asyncio.timeout(20):
            while await self.total(camera_id) != total:
                await asyncio.sleep(0.05)


def timestamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


async def tell(bus: Bus, id_: str, version: int, event: Message) -> None:
    """Tell of a camera or a site as its context does."""
    envelope = Envelope.of(
        event, id=new_id(), source="test", subject=id_, time=NOON, version=version
    )
    await bus.publish([(CAMERA.subject(type(event).__name__, id_), envelope)])
