"""The whole mesh starts, comes back whatever is killed, and runs in few processes if asked to."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, analytics_service_pb2_grpc
from tally.api.camera.v1 import camera_service_pb2, camera_service_pb2_grpc
from tally.api.worker.v1 import worker_service_pb2, worker_service_pb2_grpc
from tally.kernel.grpc.client import connect
from tally.stack.mesh import Mesh
from tests.meshes import (
    Bearer,
    administrators_token,
    healthy,
    kill_and_await_health,
    mesh_in,
    states,
)

RECOVERING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
RUN_COMPACT_MESH = """
import asyncio, pathlib, sys
from tally.stack.mesh import MeshOptions, running

async def main():
    async with running(MeshOptions(pathlib.Path(sys.argv[1]), None, False, compact=True)):
        print("running", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def every_context_answers(mesh: Mesh, token: str) -> None:
    """Call camera, worker and analytics through the gateway until all of them answer."""
    now = datetime.now(UTC)
    today = analytics_service_pb2.QueryLineCountsRequest(
        start_time=timestamp(now - timedelta(hours=1)),
        end_time=timestamp(now),
        granularity=analytics_pb2.GRANULARITY_TOTAL,
    )
    async with connect(mesh.gateway, credentials=Bearer(token)) as channel, asyncio.timeout(60):
        cameras = camera_service_pb2_grpc.CameraServiceStub(channel)
        workers = worker_service_pb2_grpc.WorkerServiceStub(channel)
        analytics = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)
        while True:
            try:
                await cameras.ListCameras(camera_service_pb2.ListCamerasRequest())
                await workers.ListWorkers(worker_service_pb2.ListWorkersRequest())
                await analytics.QueryLineCounts(today)
            except grpc.aio.AioRpcError as error:
                if error.code() not in RECOVERING:
                    raise
                await asyncio.sleep(0.1)
            else:
                return


def timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


async def test_every_process_comes_back_where_it_was_when_it_is_killed(tmp_path: Path) -> None:
    async with mesh_in(tmp_path) as mesh:
        assert healthy(mesh)
        token = await administrators_token(mesh.gateway, mesh.folder)
        servers = [mesh.part(name) for name in ("postgres", "nats", "triton", "envoy")]
        for server in servers:
            await kill_and_await_health(mesh, server)
            await every_context_answers(mesh, token)
        await kill_and_await_health(mesh, *(part for part in mesh.parts if part not in servers))
        await every_context_answers(mesh, token)
        assert {part.name: part.process.restarts for part in mesh.parts} == dict.fromkeys(
            states(mesh), 1
        )


async def test_a_mesh_in_few_processes_starts_where_another_was_killed(tmp_path: Path) -> None:
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN_COMPACT_MESH, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"running\n"
    ports = (tmp_path / "ports.json").read_text()
    killed.kill()
    await killed.wait()
    async with mesh_in(tmp_path, compact=True) as mesh:
        token = await administrators_token(mesh.gateway, mesh.folder)
        await every_context_answers(mesh, token)
        assert healthy(mesh)
        assert set(states(mesh)) == {"postgres", "nats", "triton", "contexts", "envoy", "agent"}
    assert (tmp_path / "ports.json").read_text() == ports
