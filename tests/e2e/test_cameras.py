"""What happens to cameras whose streams, settings or requests are not as they should be."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.stack.folder import free_port
from tests.component.camera.calls import UNKNOWN_ID, Cameras, point
from tests.component.worker_agent.videos import write_video
from tests.e2e.journal import Journal
from tests.e2e.pool import Pool
from tests.e2e.square import square
from tests.meshes import until
from tests.refusals import refused, violated

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEMO = "demo://plaza?walkers=30"
NOTICED_S = 10
"""A stream that cannot be read shows as such within this time."""


@asynccontextmanager
async def counted(cameras: Cameras, name: str, uri: str) -> AsyncIterator[camera_pb2.Camera]:
    """A camera that is counted for as long as the block lasts."""
    created = await cameras.create(square(name, uri))
    try:
        yield await cameras.activate(created.id)
    finally:
        await cameras.delete(created.id)


async def shows(
    cameras: Cameras, camera_id: str, state: stream_pb2.StreamState.ValueType
) -> stream_pb2.StreamStatus:
    """Wait until the camera itself says that its stream is in a state."""
    while (camera := await cameras.get(camera_id)).stream_status.state != state:
        await asyncio.sleep(0.1)
    return camera.stream_status


async def test_a_dead_stream_says_why_and_is_tried_again_while_others_are_counted(
    cameras: Cameras, pool: Pool, journal: Journal
) -> None:
    port = free_port()
    async with counted(cameras, "Alive", DEMO) as alive:
        await pool.reaches(alive.id, stream_pb2.STREAM_STATE_STREAMING)
        async with counted(cameras, "Dead", f"rtsp://127.0.0.1:{port}/yard") as dead:
            async with asyncio.timeout(NOTICED_S):
                status = await shows(cameras, dead.id, stream_pb2.STREAM_STATE_UNREACHABLE)
            assert status.reason == (
                f"rtsp://127.0.0.1:{port}/yard refused the connection; check address and port"
            )
            attempts = 0

            def attempted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal attempts
                attempts += 1
                writer.close()

            async with await asyncio.start_server(attempted, "127.0.0.1", port):
                await until(lambda: attempts >= 2)
            await journal.grows(alive.id)
            assert journal.records(dead.id) == []
        assert len({record.run_id for record in journal.records(alive.id)}) == 1


async def test_a_stream_that_says_nothing_is_noticed(cameras: Cameras) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with counted(cameras, "Silent", f"http://127.0.0.1:{port}/yard") as camera:
            async with asyncio.timeout(NOTICED_S):
                status = await shows(cameras, camera.id, stream_pb2.STREAM_STATE_UNREACHABLE)
            assert "sent no video within" in status.reason


async def test_an_inactive_camera_is_not_counted_and_says_nothing_of_its_stream(
    cameras: Cameras, pool: Pool, journal: Journal
) -> None:
    async with counted(cameras, "Paused", DEMO) as camera:
        await journal.grows(camera.id, by=1)
        await shows(cameras, camera.id, stream_pb2.STREAM_STATE_STREAMING)

        assert not (await cameras.deactivate(camera.id)).HasField("stream_status")

        await pool.drops(camera.id)
        before = journal.records(camera.id)
        assert not (await cameras.get(camera.id)).HasField("stream_status")
        assert journal.records(camera.id) == before

        await cameras.activate(camera.id)
        await shows(cameras, camera.id, stream_pb2.STREAM_STATE_STREAMING)
        await journal.grows(camera.id, by=1)
        assert journal.records(camera.id)[-1].run_id != before[-1].run_id


async def test_a_deleted_camera_is_counted_no_more(
    cameras: Cameras, pool: Pool, journal: Journal
) -> None:
    async with counted(cameras, "Removed", DEMO) as camera:
        await journal.grows(camera.id, by=1)
    await pool.drops(camera.id)
    status, _ = await refused(cameras.get(camera.id))
    assert status is grpc.StatusCode.NOT_FOUND


async def test_new_lines_begin_a_run_of_their_own_and_a_new_name_does_not(
    cameras: Cameras, journal: Journal
) -> None:
    async with counted(cameras, "Changed", DEMO) as camera:
        await journal.grows(camera.id, by=1)
        first = journal.records(camera.id)[-1]

        await cameras.update(camera_pb2.Camera(id=camera.id, name="Renamed"), "name")
        await journal.grows(camera.id, by=1)
        assert journal.records(camera.id)[-1].run_id == first.run_id

        change = camera_pb2.Camera(id=camera.id)
        change.counting.lines.add(name="door", start=point(0.1, 0.6), end=point(0.9, 0.6))
        await cameras.update(change, "counting.lines")
        await until(lambda: journal.records(camera.id)[-1].run_id != first.run_id)
        changed = journal.records(camera.id)[-1]
        assert changed.config_version > first.config_version
        assert [total.line for total in changed.totals] == ["door"]


async def test_frames_that_cannot_be_decoded_are_left_out_and_counted(
    cameras: Cameras, journal: Journal, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "scratched.avi", codec="mjpeg", damaged=(11, 12, 39))
    async with counted(cameras, "Scratched", video.as_uri()) as camera, asyncio.timeout(30):
        status = await shows(cameras, camera.id, stream_pb2.STREAM_STATE_ENDED)
        assert (status.frames_processed, status.frames_corrupt) == (37, 3)
        assert sum(record.frames_processed for record in journal.records(camera.id)) == 37


async def test_requests_that_cannot_be_met_are_refused_by_the_gateway_as_by_the_context(
    cameras: Cameras,
) -> None:
    assert (await violated(cameras.create(square("Wrong", "gopher://yard")))).keys() == {
        "camera.stream.uri"
    }
    assert await refused(cameras.get(UNKNOWN_ID)) == (
        grpc.StatusCode.NOT_FOUND,
        "CAMERA_NOT_FOUND",
    )
    async with counted(cameras, "Etag", DEMO) as camera:
        stale = camera.etag
        await cameras.update(camera_pb2.Camera(id=camera.id, name="Newer etag"), "name")
        change = camera_pb2.Camera(id=camera.id, name="Older", etag=stale)
        assert await refused(cameras.update(change, "name")) == (
            grpc.StatusCode.ABORTED,
            "ETAG_MISMATCH",
        )
