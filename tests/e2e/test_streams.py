"""Streams and cameras are looked at through the gateway, by the worker."""

import asyncio

import cv2
import grpc
import numpy as np
import pytest

from tally.api.camera.v1 import probe_pb2, stream_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.status_service_pb2 import WatchStatusRequest
from tally.api.camera.v1.status_service_pb2_grpc import StatusServiceStub
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.component.worker_agent.videos import SIZE, write_video
from tests.e2e.pool import Pool
from tests.e2e.square import square

pytestmark = pytest.mark.asyncio(loop_scope="session")


def size(jpeg: bytes) -> tuple[int, int]:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.shape[1], image.shape[0]


async def test_a_stream_is_looked_at_before_it_is_a_cameras(
    mesh: Mesh, channel: grpc.aio.Channel
) -> None:
    streams = StreamServiceStub(channel)
    video = write_video(mesh.folder.root.parent / "probed.mp4", frames=5, fps=10)
    stream = stream_pb2.Stream(uri=f"file://{video}")
    # Each starts a process while the worker calls the pool and Triton.
    for _ in range(3):
        found = (await streams.ProbeStream(messages.ProbeStreamRequest(stream=stream))).probe
        assert (found.stream.codec, found.stream.frames_per_second) == ("h264", 10.0)
        assert size(found.stream.jpeg) == SIZE
    stream.uri = "file:///etc/passwd"
    found = (await streams.ProbeStream(messages.ProbeStreamRequest(stream=stream))).probe
    assert found.failure.reason == probe_pb2.STREAM_FAILURE_REASON_FORBIDDEN


async def test_a_picture_that_freezes_is_told_within_ten_seconds(
    mesh: Mesh, cameras: Cameras, pool: Pool, channel: grpc.aio.Channel
) -> None:
    video = write_video(
        mesh.folder.root.parent / "freezing.mp4", frames=150, fps=10, gop=150, freezes_at=10
    )
    camera = await cameras.create(square("Freezing", f"file://{video}"))
    watch = StatusServiceStub(channel).WatchStatus(WatchStatusRequest(camera_ids=[camera.id]))
    await cameras.activate(camera.id)
    try:
        await pool.reaches(camera.id, stream_pb2.STREAM_STATE_STREAMING)
        async with asyncio.timeout(11):  # it moves for the first second
            async for change in watch:
                told = [one for each in change.statuses for one in each.stream_status.conditions]
                if told:
                    break
    finally:
        watch.cancel()
        await cameras.delete(camera.id)
    assert [each.kind for each in told] == [stream_pb2.StreamCondition.KIND_FROZEN]


async def test_a_camera_shows_what_it_sees(
    cameras: Cameras, pool: Pool, channel: grpc.aio.Channel
) -> None:
    camera = await cameras.create(square("Seen", "demo://plaza?width=320&height=180"))
    await cameras.activate(camera.id)
    try:
        await pool.reaches(camera.id, stream_pb2.STREAM_STATE_STREAMING)
        request = messages.GetSnapshotRequest(camera_id=camera.id, overlays=True, max_width=160)
        answer = await StreamServiceStub(channel).GetSnapshot(request)
    finally:
        await cameras.delete(camera.id)
    assert size(answer.snapshot.jpeg) == (160, 90)
    assert answer.snapshot.people_hidden
    assert answer.snapshot.age.ToTimedelta().total_seconds() < 10
