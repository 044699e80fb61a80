"""Whatever is killed while cameras are counted: nothing is lost that was counted, and nothing counts twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from sqlalchemy import Table, select

from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.adapters.tables import crossings, observations, visits
from tally.api.analytics.v1 import analytics_pb2
from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.counting.v1 import count_pb2, events_pb2
from tally.counting import Direction, VisitKind
from tally.kernel.database import Database
from tally.stack.mesh import Mesh
from tally.worker.agent.checkpoints import LONGEST_GAP
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.video_writer import VideoWriter
from tests.component.analytics.calls import Analytics
from tests.component.camera.calls import Cameras
from tests.e2e.journal import Journal
from tests.e2e.pool import Pool
from tests.e2e.square import LINES, ZONES, square
from tests.e2e.viewer import Viewer
from tests.meshes import kill_and_await_health

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAMES = 600
"""Of the recording, which is read at its own pace: where little is slow, it lasts until everything has been killed."""
READ_AGAIN = (("agent",), ("triton",))
"""Whoever is killed so makes the worker read the recording from its beginning again."""
KILLED = (*READ_AGAIN, ("analytics",), ("nats",), ("postgres",), ("realtime", "worker"))
STORING_S = 60


@dataclass(frozen=True)
class Ordeal:
    """What was counted while one part after the other was killed, and who knows of it.

    Attributes:
        recording: Id of the camera that reads a file.
        live: Id of the camera that shows the present.
        undisturbed: What is in the file.
        records: What the worker recorded, by camera.
        viewer: Watched all the time.
        database: Of analytics.
        analytics: Through the gateway.
    """

    recording: str
    live: str
    undisturbed: RecordingCount
    records: dict[str, list[events_pb2.CountsRecorded]]
    viewer: Viewer
    database: Database
    analytics: Analytics

    def crossings(self, camera_id: str) -> dict[str, count_pb2.Crossing]:
        """What the worker recorded, by id."""
        return {each.id: each for record in self.records[camera_id] for each in record.crossings}

    def runs(self, camera_id: str) -> list[list[events_pb2.CountsRecorded]]:
        """What the worker recorded, by run; a worker that was killed may have written its last record twice."""
        runs: dict[str, dict[int, events_pb2.CountsRecorded]] = {}
        for record in self.records[camera_id]:
            run = runs.setdefault(record.run_id, {})
            assert run.setdefault(record.sequence, record) == record
        return [list(run.values()) for run in runs.values()]

    async def stored(self, table: Table, camera_id: str) -> Sequence[Any]:
        """What analytics has."""
        query = select(table).where(table.c.camera_id == camera_id)
        async with self.database.begin() as connection:
            return (await connection.execute(query)).all()


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


async def undisturbed(mesh: Mesh, recording: Path) -> RecordingCount:
    detectors = Detectors(mesh.triton.address)
    try:
        return await count_recording(
            open_source(str(recording), pace=Pace.AS_FAST_AS_POSSIBLE),
            await detectors.get("motion"),
            lines=LINES,
            zones=ZONES,
        )
    finally:
        await detectors.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ordeal(
    mesh: Mesh,
    channel: grpc.aio.Channel,
    cameras: Cameras,
    pool: Pool,
    journal: Journal,
    recording: Path,
) -> AsyncIterator[Ordeal]:
    """Two cameras are counted while everything is killed in turn, until all is quiet again."""
    expected = await undisturbed(mesh, recording)
    viewer = Viewer(channel)
    database = Database(mesh.postgres.url("analytics"))
    async with viewer.watching():
        recorded = await counted(cameras, square("Recording", recording.as_uri()))
        live = await counted(cameras, square("Square", "demo://plaza?walkers=30"))
        for victims in KILLED:
            await journal.grows(live, *([recorded] if victims in READ_AGAIN else []))
            await kill_and_await_health(mesh, *map(mesh.part, victims))
        await journal.grows(live)
        await pool.reaches(recorded, stream_pb2.STREAM_STATE_ENDED)
        await cameras.deactivate(live)
        await pool.drops(live)
        ordeal = Ordeal(
            recorded,
            live,
            expected,
            {camera_id: journal.records(camera_id) for camera_id in (recorded, live)},
            viewer,
            database,
            Analytics(channel),
        )
        await everything_arrived(ordeal)
    yield ordeal
    await cameras.delete(recorded)
    await cameras.delete(live)
    await database.close()


async def counted(cameras: Cameras, camera: camera_pb2.Camera) -> str:
    """Register a camera and have it counted; returns its id."""
    created = await cameras.create(camera)
    await cameras.activate(created.id)
    return created.id


async def everything_arrived(ordeal: Ordeal) -> None:
    """Wait until the viewer and analytics know of all that was recorded; what they know besides shows later."""
    async with asyncio.timeout(STORING_S):
        for camera_id, records in ordeal.records.items():
            recorded = {(record.run_id, record.sequence) for record in records}
            while not recorded <= {
                (str(row.run_id), row.sequence)
                for row in await ordeal.stored(observations, camera_id)
            }:
                await asyncio.sleep(0.1)
            ids = ordeal.crossings(camera_id).keys()
            while not ids <= set(ordeal.viewer.crossings[camera_id]):
                await asyncio.sleep(0.1)


async def test_a_recording_is_counted_as_if_nothing_had_been_killed(ordeal: Ordeal) -> None:
    crossed = await ordeal.stored(crossings, ordeal.recording)
    assert Counter((row.line, row.direction, row.track, row.ordinal) for row in crossed) == (
        Counter(
            (
                each.crossing.line,
                each.crossing.direction.value,
                each.crossing.track,
                each.crossing.ordinal,
            )
            for each in ordeal.undisturbed.crossings
        )
    )
    assert len(crossed) > 10
    visited = await ordeal.stored(visits, ordeal.recording)
    assert Counter((row.zone, row.kind, row.track, row.ordinal) for row in visited) == Counter(
        (each.zone, each.kind.value, each.track, each.ordinal) for each in ordeal.undisturbed.visits
    )
    assert {VisitKind.ENTRY, VisitKind.EXIT} <= {each.kind for each in ordeal.undisturbed.visits}
    observed = await ordeal.stored(observations, ordeal.recording)
    assert sum(row.frames_processed for row in observed) == ordeal.undisturbed.frames == FRAMES


async def test_a_recording_that_is_read_again_says_the_same_again(ordeal: Ordeal) -> None:
    first: dict[int, events_pb2.CountsRecorded] = {}
    again = 0
    for record in ordeal.records[ordeal.recording]:
        record.ClearField("epoch")
        again += record.sequence in first
        assert first.setdefault(record.sequence, record) == record
    assert again > 0, "the recording was not read again"
    assert len({record.run_id for record in first.values()}) == 1


async def test_every_crossing_that_was_recorded_is_stored_once(ordeal: Ordeal) -> None:
    for camera_id in (ordeal.recording, ordeal.live):
        recorded = ordeal.crossings(camera_id)
        assert recorded
        stored = await ordeal.stored(crossings, camera_id)
        assert sorted(str(row.id) for row in stored) == sorted(recorded)


async def test_records_leave_no_gap_within_a_run_and_totals_are_their_sums(ordeal: Ordeal) -> None:
    runs = ordeal.runs(ordeal.live)
    assert len(runs) >= 2, "a killed worker begins a new run"
    for records in runs:
        assert [record.sequence for record in records] == list(range(len(records)))
        assert totals(records[-1]) == Counter(
            (crossing.line, DIRECTIONS[crossing.direction])
            for record in records
            for crossing in record.crossings
        )


async def test_a_worker_that_was_killed_goes_on_with_its_tracks(ordeal: Ordeal) -> None:
    before, after, *_ = ordeal.runs(ordeal.live)
    gap = after[0].start_time.ToDatetime() - before[-1].end_time.ToDatetime()
    assert gap > timedelta()
    if gap > LONGEST_GAP:
        pytest.skip(f"on this machine a worker takes {gap} to start, longer than tracks are kept")
    told = [visit for record in before + after for visit in record.visits]
    entered, left = (
        Counter((visit.zone, visit.track, visit.ordinal) for visit in told if visit.kind == kind)
        for kind in (count_pb2.VISIT_KIND_ENTRY, count_pb2.VISIT_KIND_EXIT)
    )
    assert entered == left
    assert set(entered.values()) == {1}
    inside = sum(zone.count for zone in before[-1].occupancies)
    assert inside > 0, "nobody was inside when the worker was killed"


async def test_sums_are_those_of_the_stored_rows(ordeal: Ordeal) -> None:
    end = datetime.now(UTC)
    start = end - timedelta(hours=2)
    total = analytics_pb2.GRANULARITY_TOTAL
    for camera_id in (ordeal.recording, ordeal.live):
        counts = await ordeal.analytics.lines(camera_id, start=start, end=end, granularity=total)
        stored = await ordeal.stored(crossings, camera_id)
        summed = Counter((row.line, Direction(row.direction)) for row in stored)
        assert +line_counts(counts) == summed
        zones = await ordeal.analytics.zones(camera_id, start=start, end=end, granularity=total)
        visited = Counter(row.kind for row in await ordeal.stored(visits, camera_id))
        assert sum(zone.entries for zone in zones) == visited["entry"]
        assert sum(zone.exits for zone in zones) == visited["exit"]
    assert await PostgresCountsStore(ordeal.database).rebuild_rollups() == 0


async def test_the_gateway_lists_every_crossing_once(ordeal: Ordeal) -> None:
    for camera_id in (ordeal.recording, ordeal.live):
        listed, token = [], ""
        while True:
            page = await ordeal.analytics.crossings(camera_id, page_size=7, page_token=token)
            listed += [each.crossing.id for each in page.crossings]
            token = page.next_page_token
            if not token:
                break
        assert sorted(listed) == sorted(ordeal.crossings(camera_id))


async def test_a_viewer_saw_every_crossing_once(ordeal: Ordeal) -> None:
    assert ordeal.viewer.interruptions > 0
    for camera_id in (ordeal.recording, ordeal.live):
        assert sorted(ordeal.viewer.crossings[camera_id]) == sorted(ordeal.crossings(camera_id))


DIRECTIONS = {count_pb2.DIRECTION_IN: Direction.IN, count_pb2.DIRECTION_OUT: Direction.OUT}


def totals(record: events_pb2.CountsRecorded) -> Counter[tuple[str, Direction]]:
    """The run's totals that a record tells."""
    return +line_counts(record.totals)


def line_counts(
    counts: Sequence[count_pb2.LineTotal] | Sequence[analytics_pb2.LineCount],
) -> Counter[tuple[str, Direction]]:
    """In and out of each line."""
    return Counter(
        {(each.line, Direction.IN): each.in_count for each in counts}
        | {(each.line, Direction.OUT): each.out_count for each in counts}
    )
