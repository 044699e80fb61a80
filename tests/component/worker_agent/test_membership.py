"""A camera worker's place in the pool outlives the tokens that it is held with."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import grpc

from tally.api.camera.v1 import ai_model_pb2, stream_pb2
from tally.api.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import serve
from tally.kernel.identity import ADMINISTER, Principal
from tally.kernel.process import background
from tally.kernel.settings import ServerSettings
from tally.stack.folder import free_port
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.membership import Membership
from tally.worker.agent.remembered import RememberedAssignments
from tally.worker.agent.runner import Surroundings
from tally.worker.agent.task import CameraTask
from tests.callers import Forgetful

WORKER_ID = "0190a5b2-0000-7000-8000-000000000001"


class Pool(worker_service_pb2_grpc.WorkerServiceServicer):
    """Assigns nothing, and counts who comes."""

    def __init__(self) -> None:
        self.registered = 0
        self.left = 0
        self.watched = asyncio.Semaphore(0)

    async def RegisterWorker(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.registered += 1
        answer = worker_service_pb2.RegisterWorkerResponse(worker=worker_pb2.Worker(id=WORKER_ID))
        answer.lease_duration.FromTimedelta(timedelta(seconds=10))
        return answer

    async def RenewLease(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        return worker_service_pb2.RenewLeaseResponse()

    async def WatchAssignments(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        yield worker_service_pb2.WatchAssignmentsResponse()
        self.watched.release()
        await asyncio.Event().wait()

    async def DeregisterWorker(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        self.left += 1
        return worker_service_pb2.DeregisterWorkerResponse()


class ShortLived:
    """Lets everybody in for a moment at a time."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        end = utc_now() + timedelta(seconds=0.3)
        return Principal("service:1", frozenset({ADMINISTER}), expires_at=end)


class Runners(Cameras):
    """Notes what it is to run, and runs nothing."""

    def __init__(self) -> None:
        super().__init__(cast(Surroundings, None))
        self.assigned: asyncio.Queue[list[str]] = asyncio.Queue()

    async def assign(self, tasks: Iterable[CameraTask]) -> None:
        self.assigned.put_nowait([task.name for task in tasks])


async def no_models() -> list[ai_model_pb2.InstalledModel]:
    return []


async def test_a_worker_that_cannot_reach_the_pool_runs_what_it_ran_last(tmp_path: Path) -> None:
    file = tmp_path / "assignments"
    last = worker_pb2.Assignment(camera_id=WORKER_ID, camera_name="door", epoch=7)
    last.stream.pace = stream_pb2.PACE_REALTIME
    RememberedAssignments(file).keep(
        worker_service_pb2.WatchAssignmentsResponse(assignments=[last])
    )
    place = worker_service_pb2.RegisterWorkerRequest(name="one", capacity=1)
    cameras = Runners()
    async with connect(f"127.0.0.1:{free_port()}") as channel:
        membership = Membership(
            channel,
            place,
            cameras,
            asyncio.Event(),
            RememberedAssignments(file),
            worker_pb2.SpoolStatus,
            no_models,
        )
        async with background(membership.run()), asyncio.timeout(10):
            assert await cameras.assigned.get() == ["door"]


async def test_broken_memory_stops_nobody(tmp_path: Path) -> None:
    file = tmp_path / "assignments"
    file.write_bytes(b"\xff\xff")
    assert RememberedAssignments(file).recall() is None


async def test_the_stream_of_assignments_goes_on_with_the_next_token(tmp_path: Path) -> None:
    pool = Pool()  # type: ignore[abstract]  # the methods left out are never called

    def register(server: grpc.aio.Server) -> None:
        worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(pool, server)

    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.1)
    async with (
        serve("worker", settings, register, {}, ShortLived(), Forgetful()) as server,
        connect(server.address) as channel,
    ):
        nothing_to_run_with = cast(Surroundings, None)
        cameras = Cameras(nothing_to_run_with)
        place = worker_service_pb2.RegisterWorkerRequest(name="one", capacity=1)
        membership = Membership(
            channel,
            place,
            cameras,
            asyncio.Event(),
            RememberedAssignments(tmp_path / "assignments"),
            worker_pb2.SpoolStatus,
            no_models,
        )
        async with background(membership.run()), asyncio.timeout(10):
            for _ in range(3):
                await pool.watched.acquire()
        assert pool.registered == pool.left == 1
