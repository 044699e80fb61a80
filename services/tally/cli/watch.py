"""Follows what a running mesh says about its cameras, for the live table."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, analytics_service_pb2_grpc
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc, stream_pb2
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.api.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc

POLL_S = 1.0
RETRY_S = 1.0
STORED_SPAN = timedelta(days=366)


@dataclass(slots=True)
class LineView:
    """Counts of one line: this run's, the truth over the same frames, and all that are stored; and its directions."""

    in_count: int = 0
    out_count: int = 0
    true_in: int | None = None
    true_out: int | None = None
    stored_in: int = 0
    stored_out: int = 0
    in_name: str = "in"
    out_name: str = "out"


@dataclass(slots=True)
class ZoneView:
    """People in one zone now, and how many there truly are."""

    people: int = 0
    true_people: int | None = None


@dataclass(slots=True)
class CameraView:
    """What is known of one camera."""

    camera_id: str
    name: str
    active: bool = False
    status: stream_pb2.StreamStatus = field(default_factory=stream_pb2.StreamStatus)
    detector: str = ""
    lines: dict[str, LineView] = field(default_factory=dict)
    zones: dict[str, ZoneView] = field(default_factory=dict)

    @property
    def miscounted(self) -> tuple[int, int] | None:
        """Summed |counted − true| and the true crossings of this run; None where the truth is not known."""
        known = [line for line in self.lines.values() if line.true_in is not None]
        if not known:
            return None
        error = sum(
            abs(line.in_count - (line.true_in or 0)) + abs(line.out_count - (line.true_out or 0))
            for line in known
        )
        return error, sum((line.true_in or 0) + (line.true_out or 0) for line in known)


class Watch:
    """Keeps `cameras` up to date from the gateway, for as long as `run` runs.

    Attributes:
        cameras: What is known, by camera id.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.cameras: dict[str, CameraView] = {}
        self._cameras = camera_service_pb2_grpc.CameraServiceStub(channel)
        self._workers = worker_service_pb2_grpc.WorkerServiceStub(channel)
        self._analytics = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)
        self._realtime = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        self._resume_token = ""

    async def run(self) -> None:
        """Follow until cancelled; what cannot be reached is asked again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll())
            group.create_task(self._follow())

    async def _poll(self) -> None:
        while True:
            with suppress(grpc.aio.AioRpcError):
                await self._read_cameras()
                await self._read_streams()
                await self._read_stored()
            await asyncio.sleep(POLL_S)

    async def _read_cameras(self) -> None:
        response = await self._cameras.ListCameras(
            camera_service_pb2.ListCamerasRequest(page_size=1000)
        )
        present = {camera.id for camera in response.cameras}
        for camera in response.cameras:
            self._view(camera)
        for gone in self.cameras.keys() - present:
            del self.cameras[gone]

    def _view(self, camera: camera_pb2.Camera) -> None:
        view = self.cameras.setdefault(camera.id, CameraView(camera.id, camera.name))
        view.name = camera.name
        view.active = camera.state == camera_pb2.CAMERA_STATE_ACTIVE
        view.status.state = camera.stream_status.state
        view.status.reason = camera.stream_status.reason
        for line in camera.counting.lines:
            shown = view.lines.setdefault(line.name, LineView())
            shown.in_name, shown.out_name = line.in_name or "in", line.out_name or "out"
        for zone in camera.counting.zones:
            view.zones.setdefault(zone.name, ZoneView())

    async def _read_streams(self) -> None:
        """Workers know the figures of the moment; the camera context keeps the last change only."""
        response = await self._workers.ListWorkers(
            worker_service_pb2.ListWorkersRequest(page_size=1000)
        )
        alive = (
            worker for worker in response.workers if worker.state == worker_pb2.WORKER_STATE_ALIVE
        )
        for worker in alive:
            for running in worker.cameras:
                view = self.cameras.get(running.camera_id)
                if view is not None:
                    view.status.CopyFrom(running.status)

    async def _read_stored(self) -> None:
        now = datetime.now(UTC)
        response = await self._analytics.QueryLineCounts(
            analytics_service_pb2.QueryLineCountsRequest(
                start_time=_timestamp(now - STORED_SPAN),
                end_time=_timestamp(now + timedelta(hours=1)),
                granularity=analytics_pb2.GRANULARITY_TOTAL,
            )
        )
        for count in response.counts:
            view = self.cameras.get(count.camera_id)
            if view is not None:
                line = view.lines.setdefault(count.line, LineView())
                line.stored_in, line.stored_out = count.in_count, count.out_count

    async def _follow(self) -> None:
        while True:
            with suppress(grpc.aio.AioRpcError):
                request = realtime_service_pb2.SubscribeRequest(resume_token=self._resume_token)
                async for message in self._realtime.Subscribe(request):
                    self._resume_token = message.resume_token
                    if message.HasField("counts"):
                        self._count(message.counts)
            await asyncio.sleep(RETRY_S)

    def _count(self, counts: realtime_service_pb2.CameraCounts) -> None:
        view = self.cameras.get(counts.camera_id)
        if view is None:
            return
        view.detector = counts.detector
        for total in counts.totals:
            line = view.lines.setdefault(total.line, LineView())
            line.in_count, line.out_count = total.in_count, total.out_count
        for total in counts.reference_totals:
            line = view.lines.setdefault(total.line, LineView())
            line.true_in, line.true_out = total.in_count, total.out_count
        for occupancy in counts.occupancies:
            view.zones.setdefault(occupancy.zone, ZoneView()).people = occupancy.count
        for occupancy in counts.reference_occupancies:
            view.zones.setdefault(occupancy.zone, ZoneView()).true_people = occupancy.count


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
