"""Whatever is killed while cameras are counted: nothing is lost that was counted, and nothing counts twice."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, analytics_service_pb2_grpc
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc, stream_pb2
from tally.api.counting.v1 import count_pb2, events_pb2, geometry_pb2
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.counting import Direction, Line, VisitKind
from tally.kernel.bus import Envelope
from tally.kernel.grpc.client import connect
from tally.stack.mesh import Mesh
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.sources.demo.layout import DEMO_LINES, DEMO_ZONES
from tally.worker.agent.spool.segment import Segment
from tally.worker.agent.video_writer import VideoWriter
from tests.meshes import kill_and_await_health, mesh_in, until

FRAMES = 750
LINES = (
    *DEMO_LINES,
    Line("left", (0.3, 0.97), (0.3, 0.27)),
    Line("right", (0.7, 0.97), (0.7, 0.27)),
)
RECOVERING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People who walk across a square, as a file."""
    path = tmp_path_factory.mktemp("recording") / "square.mp4"
    source = open_source(f"demo://plaza?seed=5&frames={FRAMES}", pace=Pace.AS_FAST_AS_POSSIBLE)
    info = source.info
    with VideoWriter(path, width=info.width, height=info.height, fps=info.fps or 15) as writer:
        for frame in source.frames():
            writer.write(frame.image, frame.time_s)
    return path


class Viewer:
    """Follows live counts the way a dashboard does: interrupted, it goes on behind what it saw last."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.crossings: list[str] = []
        self._stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        self._token = ""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch())
        await until(lambda: bool(self._token))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            request = realtime_service_pb2.SubscribeRequest(resume_token=self._token)
            with suppress(grpc.aio.AioRpcError):
                async for message in self._stub.Subscribe(request):
                    self.crossings += [crossing.id for crossing in message.counts.crossings]
                    self._token = message.resume_token
            await asyncio.sleep(0.1)


async def add_camera(channel: grpc.aio.Channel, name: str, stream: stream_pb2.Stream) -> str:
    """Register a camera with the lines and zones of the square and have it counted."""
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    camera = camera_pb2.Camera(
        name=name,
        stream=stream,
        counting=geometry_pb2.CountingConfig(
            lines=[
                geometry_pb2.Line(name=line.name, start=point(line.start), end=point(line.end))
                for line in LINES
            ],
            zones=[
                geometry_pb2.Zone(name=zone.name, polygon=map(point, zone.polygon))
                for zone in DEMO_ZONES
            ],
            detector="motion",
        ),
    )
    created = await stub.CreateCamera(camera_service_pb2.CreateCameraRequest(camera=camera))
    await stub.ActivateCamera(camera_service_pb2.ActivateCameraRequest(camera_id=created.camera.id))
    return str(created.camera.id)


def point(place: tuple[float, float]) -> geometry_pb2.Point:
    return geometry_pb2.Point(x=place[0], y=place[1])


def journal(mesh: Mesh) -> Iterator[events_pb2.CountsRecorded]:
    """Every record that the worker ever put onto its disk."""
    folder = mesh.folder.root / "spool"
    for start in Segment.starts(folder):
        for payload, _ in Segment(folder, start).read(start):
            headers, _, content = payload.partition(b"\n")
            message = Envelope.parse(json.loads(headers), content).message()
            assert isinstance(message, events_pb2.CountsRecorded)
            yield message


def journal_bytes(mesh: Mesh) -> int:
    return sum(path.stat().st_size for path in (mesh.folder.root / "spool").glob("*.records"))


async def counted_on(mesh: Mesh, records: int) -> None:
    """Wait until the worker has counted so much further that a kill strikes in the middle of it."""
    before = sum(1 for _ in journal(mesh))
    await until(lambda: sum(1 for _ in journal(mesh)) >= before + records)


async def rows(mesh: Mesh, query: str) -> list[Any]:
    connection = await asyncpg.connect(
        mesh.postgres.url("analytics").replace("+asyncpg", ""), timeout=10
    )
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def stored_crossings(mesh: Mesh) -> list[str]:
    return [str(row["id"]) for row in await rows(mesh, "SELECT id FROM crossings")]


async def everything_stored(mesh: Mesh, expected: set[str]) -> None:
    """Wait until what the worker counted is stored, all of it."""
    async with asyncio.timeout(60):
        while not expected <= set(await stored_crossings(mesh)):
            await asyncio.sleep(0.1)


async def undisturbed(mesh: Mesh, recording: Path) -> RecordingCount:
    detectors = Detectors(mesh.triton.address)
    try:
        return await count_recording(
            open_source(str(recording), pace=Pace.AS_FAST_AS_POSSIBLE),
            await detectors.get("motion"),
            lines=LINES,
            zones=DEMO_ZONES,
        )
    finally:
        await detectors.close()


async def line_counts(channel: grpc.aio.Channel) -> Counter[tuple[str, Direction]]:
    """The hour sums, asked for through the gateway."""
    stub = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)
    now = datetime.now(UTC)
    answer = await stub.QueryLineCounts(
        analytics_service_pb2.QueryLineCountsRequest(
            start_time=timestamp(now - timedelta(hours=2)),
            end_time=timestamp(now + timedelta(hours=2)),
            granularity=analytics_pb2.GRANULARITY_TOTAL,
        )
    )
    counts: Counter[tuple[str, Direction]] = Counter()
    for row in answer.counts:
        counts[row.line, Direction.IN] += row.in_count
        counts[row.line, Direction.OUT] += row.out_count
    return counts


def timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


async def test_a_recording_is_counted_as_if_nothing_had_been_killed(
    tmp_path: Path, recording: Path
) -> None:
    async with mesh_in(tmp_path) as mesh, connect(mesh.gateway) as channel:
        expected = await undisturbed(mesh, recording)
        assert len(expected.crossings) > 10
        viewer = Viewer(channel)
        async with viewer.watching():
            camera_id = await add_camera(
                channel, "Recording", stream_pb2.Stream(uri=recording.as_uri())
            )
            for victim in ("agent", "nats", "postgres", "analytics"):
                await counted_on(mesh, 3)
                await kill_and_await_health(mesh, mesh.part(victim))
            await ended(channel, camera_id)
            counted = {crossing.id for record in journal(mesh) for crossing in record.crossings}
            await everything_stored(mesh, counted)
            await until(lambda: set(viewer.crossings) >= counted)
        stored = await rows(mesh, "SELECT line, direction, track, ordinal FROM crossings")
        assert len(stored) == len(counted) == len(expected.crossings)
        assert {(row["line"], row["track"], row["ordinal"]) for row in stored} == {
            (each.crossing.line, each.crossing.track, each.crossing.ordinal)
            for each in expected.crossings
        }
        totals = Counter(
            (each.crossing.line, each.crossing.direction) for each in expected.crossings
        )
        assert +(await line_counts(channel)) == totals
        assert sorted(viewer.crossings) == sorted(counted), "a live crossing was missed or repeated"
        visited = Counter(visit.kind for visit in expected.visits)
        zone = (await rows(mesh, "SELECT sum(entries) e, sum(exits) x FROM hourly_zone_counts"))[0]
        assert (zone["e"], zone["x"]) == (visited[VisitKind.ENTRY], visited[VisitKind.EXIT])


async def ended(channel: grpc.aio.Channel, camera_id: str) -> None:
    """Wait until the camera's recording has been read to its end."""
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    async with asyncio.timeout(120):
        while True:
            with suppress(grpc.aio.AioRpcError):
                answer = await stub.GetCamera(
                    camera_service_pb2.GetCameraRequest(camera_id=camera_id)
                )
                if answer.camera.stream_status.state == stream_pb2.STREAM_STATE_ENDED:
                    return
            await asyncio.sleep(0.1)


async def test_every_live_crossing_that_was_counted_is_stored_once(tmp_path: Path) -> None:
    async with mesh_in(tmp_path) as mesh, connect(mesh.gateway) as channel:
        camera_id = await add_camera(
            channel, "Square", stream_pb2.Stream(uri="demo://plaza?walkers=30")
        )
        for victims in (("analytics",), ("nats",), ("agent",), ("postgres", "triton")):
            await counted_on(mesh, 4)
            await kill_and_await_health(mesh, *map(mesh.part, victims))
        await counted_on(mesh, 4)
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        await stub.DeactivateCamera(camera_service_pb2.DeactivateCameraRequest(camera_id=camera_id))
        await settled(mesh)
        records = list(journal(mesh))
        counted = Counter(crossing.id for record in records for crossing in record.crossings)
        assert counted
        assert set(counted.values()) == {1}
        await everything_stored(mesh, set(counted))
        assert sorted(await stored_crossings(mesh)) == sorted(counted)
        assert +(await line_counts(channel)) == Counter(
            (crossing.line, DIRECTIONS[crossing.direction])
            for record in records
            for crossing in record.crossings
        )
        runs: dict[str, list[int]] = {}
        for record in records:
            runs.setdefault(record.run_id, []).append(record.sequence)
        assert len(runs) >= 2, "a killed worker begins a new run"
        assert all(sequences == list(range(len(sequences))) for sequences in runs.values())


DIRECTIONS = {count_pb2.DIRECTION_IN: Direction.IN, count_pb2.DIRECTION_OUT: Direction.OUT}


async def settled(mesh: Mesh) -> None:
    """Wait until the worker has stopped the camera: its journal has grown no more for a while."""
    async with asyncio.timeout(60):
        size, since = -1, 0.0
        loop = asyncio.get_running_loop()
        while loop.time() - since < 3:
            if journal_bytes(mesh) != size:
                size, since = journal_bytes(mesh), loop.time()
            await asyncio.sleep(0.1)
