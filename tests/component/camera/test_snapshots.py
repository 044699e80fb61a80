"""Cameras are looked at through the worker that runs them, by callers who may see them there."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.snapshot_pb2 import MissingFrame, Snapshot
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1.requests_pb2 import SnapshotReply, SnapshotRequest
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.bus import Bus, Responder, request_subject
from tally.kernel.errors import Unavailable
from tally.kernel.grpc.client import connect
from tally.stack.nats import NatsServer
from tests.callers import Keeper
from tests.component.camera.calls import Cameras, a_camera
from tests.listening import settle
from tests.refusals import refused, violated

SEEN = Snapshot(jpeg=b"picture", age=Duration(seconds=1), people_hidden=True)
FAILED = grpc.StatusCode.FAILED_PRECONDITION


@pytest.fixture
async def agent(nats_server: NatsServer, nats_url: str) -> AsyncIterator[Bus]:
    """A worker's connection to NATS."""
    async with Bus.connect(nats_server.url("agent"), name="agent") as bus:
        yield bus


@pytest.fixture
async def active(channel: grpc.aio.Channel) -> camera_pb2.Camera:
    """A camera that is to be counted."""
    cameras = Cameras(channel)
    return await cameras.activate((await cameras.create()).id)


@asynccontextmanager
async def worker(
    agent: Bus, camera_id: str, answer: SnapshotReply | None
) -> AsyncIterator[list[SnapshotRequest]]:
    """The worker that runs the camera, and what it was asked; without an answer it fails."""
    asked: list[SnapshotRequest] = []

    async def snapshot(request: SnapshotRequest) -> SnapshotReply:
        asked.append(request)
        if answer is None:
            raise Unavailable("the detector does not answer")
        return answer

    async with aclosing(
        Responder(agent, "workers", SnapshotRequest, snapshot, limit=2)
    ) as responder:
        await responder.listen({request_subject("worker", "v1", "snapshot", camera_id)})
        await settle(agent)
        yield asked


def of(camera: camera_pb2.Camera, **changes: object) -> messages.GetSnapshotRequest:
    return messages.GetSnapshotRequest(camera_id=camera.id, **changes)  # type: ignore[arg-type]  # each test knows its fields


async def test_the_cameras_worker_shows_it(
    channel: grpc.aio.Channel, agent: Bus, active: camera_pb2.Camera
) -> None:
    streams = StreamServiceStub(channel)
    async with worker(agent, active.id, SnapshotReply(snapshot=SEEN)) as asked:
        assert (await streams.GetSnapshot(of(active))).snapshot == SEEN
        await streams.GetSnapshot(of(active, overlays=True, show_people=True, max_width=64))
    assert asked == [
        SnapshotRequest(camera_id=active.id, max_width=1280),
        SnapshotRequest(camera_id=active.id, overlays=True, show_people=True, max_width=64),
    ]


async def test_why_there_is_no_picture(
    channel: grpc.aio.Channel, agent: Bus, active: camera_pb2.Camera
) -> None:
    streams = StreamServiceStub(channel)
    inactive = await Cameras(channel).create()
    assert await refused(streams.GetSnapshot(of(inactive))) == (FAILED, "CAMERA_INACTIVE")
    assert await refused(streams.GetSnapshot(of(active))) == (
        grpc.StatusCode.UNAVAILABLE,
        "NO_WORKER",
    )
    away = MissingFrame(state=stream_pb2.STREAM_STATE_UNREACHABLE, reason="it is off")
    async with worker(agent, active.id, SnapshotReply(missing=away)):
        with pytest.raises(grpc.aio.AioRpcError, match="shows nothing: it is off"):
            await streams.GetSnapshot(of(active))
        assert await refused(streams.GetSnapshot(of(active))) == (FAILED, "NO_FRAME")
    async with worker(agent, active.id, None):
        assert await refused(streams.GetSnapshot(of(active))) == (
            grpc.StatusCode.UNAVAILABLE,
            "WORKER_SILENT",
        )
    assert list(await violated(streams.GetSnapshot(of(active, max_width=5000)))) == ["max_width"]


async def test_a_camera_that_hides_people_from_everybody_refuses_to_show_them(
    channel: grpc.aio.Channel, agent: Bus
) -> None:
    cameras = Cameras(channel)
    wanted = a_camera()
    wanted.counting.privacy.hide_people = geometry_pb2.HIDE_PEOPLE_ALWAYS
    camera = await cameras.activate((await cameras.create(wanted)).id)
    streams = StreamServiceStub(channel)
    async with worker(agent, camera.id, SnapshotReply(snapshot=SEEN)) as asked:
        refusal = await refused(streams.GetSnapshot(of(camera, show_people=True)))
        assert refusal == (FAILED, "PEOPLE_ALWAYS_HIDDEN")
        assert asked == []
        assert (await streams.GetSnapshot(of(camera))).snapshot == SEEN


async def test_only_who_may_write_a_camera_sees_people_as_they_are(
    settings: CameraSettings, agent: Bus, active: camera_pb2.Camera
) -> None:
    reader = Keeper({"camera:read": frozenset({active.site_id})})
    stranger = Keeper({"camera:read": frozenset({"0190a5b2-0000-7000-8000-00000000000a"})})
    hidden = (grpc.StatusCode.PERMISSION_DENIED, "PEOPLE_HIDDEN")
    async with worker(agent, active.id, SnapshotReply(snapshot=SEEN)) as asked:
        async with (
            camera_server(settings, authenticator=reader) as server,
            connect(server.address) as channel,
        ):
            streams = StreamServiceStub(channel)
            assert (await streams.GetSnapshot(of(active))).snapshot == SEEN
            assert await refused(streams.GetSnapshot(of(active, show_people=True))) == hidden
        async with (
            camera_server(settings, authenticator=stranger) as server,
            connect(server.address) as channel,
        ):
            assert await refused(StreamServiceStub(channel).GetSnapshot(of(active))) == (
                grpc.StatusCode.NOT_FOUND,
                "CAMERA_NOT_FOUND",
            )
    assert len(asked) == 1
