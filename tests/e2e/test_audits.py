"""Who counts a recording as the engine does finds no error: an audit's samples are where the camera counted."""

import asyncio
from collections import Counter
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.api.analytics.v1.audit_service_pb2_grpc import CountAuditServiceStub
from tally.api.camera.v1 import stream_pb2
from tally.counting import Direction
from tally.stack.mesh import Mesh
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.video_writer import VideoWriter
from tests.component.camera.calls import Cameras
from tests.e2e.pool import Pool
from tests.e2e.square import LINES, ZONES, square

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAMES, FPS, SAMPLE_S = 155, 15, 5
PATIENCE_S = 60


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """People who walk across a square for two samples and a little more."""
    path = tmp_path / "audited.mp4"
    source = open_source(f"demo://plaza?seed=5&frames={FRAMES}", pace=Pace.AS_FAST_AS_POSSIBLE)
    with VideoWriter(path, width=source.info.width, height=source.info.height, fps=FPS) as writer:
        for frame in source.frames():
            writer.write(frame.image, frame.time_s)
    return path


async def by_hand(mesh: Mesh, recording: Path) -> RecordingCount:
    """What somebody counts who sees what the camera sees."""
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


async def test_samples_show_what_the_camera_counted_there(
    mesh: Mesh, channel: grpc.aio.Channel, cameras: Cameras, pool: Pool, recording: Path
) -> None:
    counted = await by_hand(mesh, recording)
    cells = Counter(
        (int(each.crossing.time_s // SAMPLE_S) + 1, each.crossing.line, each.crossing.direction)
        for each in counted.crossings
    )
    assert sum(count for (sample, _, _), count in cells.items() if sample in (1, 2)) > 0
    camera = await cameras.create(square("Audited", recording.as_uri()))
    try:
        await cameras.activate(camera.id)
        await pool.reaches(camera.id, stream_pb2.STREAM_STATE_ENDED)
        audits = CountAuditServiceStub(channel)
        audit = await stored(channel, camera.id)
        assert set(audit.lines) == {line.name for line in LINES}
        for sample in (1, 2):
            await audits.RecordManualCount(
                messages.RecordManualCountRequest(
                    audit_id=audit.id,
                    sample=sample,
                    lines=[
                        messages.ManualLineCount(
                            line=line,
                            in_count=cells[sample, line, Direction.IN],
                            out_count=cells[sample, line, Direction.OUT],
                        )
                        for line in audit.lines
                    ],
                )
            )
        request = messages.ReportAccuracyRequest(camera_id=camera.id)
        report = await audits.ReportAccuracy(request)
        assert (report.counted_samples, report.samples) == (2, 2)
        assert report.total.true_count == report.total.counted > 0
        assert report.total.absolute_error == 0
    finally:
        await cameras.delete(camera.id)


async def stored(channel: grpc.aio.Channel, camera_id: str) -> messages.CountAudit:
    """An audit of the recording, once analytics has what was counted in both samples."""
    request = messages.CreateAuditRequest(
        camera_id=camera_id, sample_count=2, sample_length=Duration(seconds=SAMPLE_S)
    )
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return (await CountAuditServiceStub(channel).CreateAudit(request)).audit
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                await asyncio.sleep(0.1)
