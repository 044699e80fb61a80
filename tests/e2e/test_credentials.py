"""A camera that asks for a password is counted, and the password is nowhere: in no file, no log and no answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import httpx
import pytest

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.worker.v1 import worker_service_pb2, worker_service_pb2_grpc
from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.e2e.journal import Journal
from tests.e2e.pool import Pool
from tests.e2e.square import square
from tests.meshes import administrators_token
from tests.traces import parts_with, traces

pytestmark = pytest.mark.asyncio(loop_scope="session")

USER, PASSWORD, OTHER = "guard", "c0rrect/horse-battery", "wr0ng/horse-staple"
NAME = "Guarded yard 4711"


@asynccontextmanager
async def guarded(cameras: Cameras, uri: str, password: str) -> AsyncIterator[camera_pb2.Camera]:
    wanted = square(NAME, uri)
    wanted.stream.credentials.username = USER
    wanted.stream.credentials.password = password
    created = await cameras.create(wanted)
    try:
        yield await cameras.activate(created.id)
    finally:
        await cameras.delete(created.id)


async def assignments(channel: grpc.aio.Channel) -> worker_service_pb2.WatchAssignmentsResponse:
    """What the pool tells its worker."""
    stub = worker_service_pb2_grpc.WorkerServiceStub(channel)
    page = await stub.ListWorkers(worker_service_pb2.ListWorkersRequest())
    (worker,) = (each for each in page.workers if each.cameras)
    call = stub.WatchAssignments(worker_service_pb2.WatchAssignmentsRequest(worker_id=worker.id))
    async for answer in call:
        call.cancel()
        return answer
    raise AssertionError("the pool tells its worker nothing")


async def test_a_password_opens_the_camera_and_is_nowhere_to_be_found(
    mesh: Mesh, channel: grpc.aio.Channel, cameras: Cameras, pool: Pool, journal: Journal
) -> None:
    answers: list[bytes] = []
    pair = f"{USER}:{PASSWORD}"
    with MjpegServer(frames=100_000, interval_s=0.1, credentials=pair, scheme="Digest") as camera:
        uri = f"{camera.address}/stream"
        async with guarded(cameras, uri, OTHER) as made:
            status = await pool.reaches(made.id, stream_pb2.STREAM_STATE_UNREACHABLE)
            assert status.reason == f"{uri} refused access; check user name and password"

            made.stream.credentials.username = USER
            made.stream.credentials.password = PASSWORD
            changed = await cameras.update(made, "stream.credentials")
            await pool.reaches(made.id, stream_pb2.STREAM_STATE_STREAMING)
            await journal.grows(made.id, by=1)

            told = await assignments(channel)
            assert [bool(each.sealed_credentials) for each in told.assignments] == [True]
            token = await administrators_token(mesh.gateway, mesh.folder)
            async with httpx.AsyncClient(
                base_url=f"http://{mesh.gateway}", headers={"authorization": f"Bearer {token}"}
            ) as rest:
                shown = [
                    await rest.get(path)
                    for path in (f"/api/v1/cameras/{made.id}", "/api/v1/cameras")
                ]
            answers += [each.content for each in shown]
            answers += [
                each.SerializeToString()
                for each in (changed, told, await cameras.get(made.id), await cameras.list())
            ]
            assert all(each.is_success and b"credentialsSet" in each.content for each in shown)

    forbidden = [*traces(USER, PASSWORD), *traces(USER, OTHER)]
    assert not [each for each in forbidden for answer in answers if each in answer]
    assert parts_with(mesh.folder.root, *forbidden) == set()
    # What is searched does hold what was said of the camera: database, stream and logs.
    assert parts_with(mesh.folder.root, NAME.encode()) >= {"postgres", "nats", "logs"}
