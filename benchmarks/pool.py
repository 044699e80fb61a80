"""A thousand cameras and fifty workers: time until all are assigned, and what the loss of a worker moves."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import grpc
from pydantic import SecretStr

from tally.api.camera.v1 import events_pb2, stream_pb2
from tally.api.camera.v1.ai_model_pb2 import InstalledModel, ModelLatency
from tally.api.worker.v1 import worker_pb2
from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.kernel.bus import CAMERA, Bus, Envelope
from tally.kernel.grpc.client import connect
from tally.kernel.identity import ADMINISTER, Principal
from tally.kernel.ids import derived_id, new_id
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings

CAMERAS = 1000
WORKERS = 50
CAPACITY = 25
ROUNDS = 20
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def main() -> None:
    """Print seconds and moves."""
    asyncio.run(_run())


class Anybody:
    """Lets everybody do everything."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal:
        """An administrator."""
        return Principal("user:benchmark", frozenset({ADMINISTER}))


class Worker:
    """A worker that does all but run cameras.

    Attributes:
        epochs: The epoch under which it holds each of its cameras.
    """

    def __init__(self, channel: grpc.aio.Channel, name: str) -> None:
        self._stub = WorkerServiceStub(channel)
        self._name = name
        self.epochs: dict[str, int] = {}
        self._id = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        """Register, say how fast its detector is, and follow."""
        request = messages.RegisterWorkerRequest(name=self._name, capacity=CAPACITY)
        answer = await self._stub.RegisterWorker(request)
        self._id = answer.worker.id
        latency = ModelLatency(p50_ms=4, p99_ms=8, frames=500, frames_at_once=2)
        model = InstalledModel(name="motion", classes=["object"], latency=latency)
        report = messages.ReportModelsRequest(worker_id=self._id, models=[model])
        await self._stub.ReportModels(report)
        period_s = answer.lease_duration.ToTimedelta().total_seconds() / 3
        self._tasks = [
            asyncio.create_task(self._keep_renewing(period_s)),
            asyncio.create_task(self._follow()),
        ]

    async def die(self) -> None:
        """Fall silent without a word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.epochs = {}

    async def renew(self) -> None:
        """Say that it lives, and how its cameras do."""
        status = stream_pb2.StreamStatus(state=stream_pb2.STREAM_STATE_STREAMING)
        status.update_time.GetCurrentTime()
        running = [
            worker_pb2.RunningCamera(camera_id=camera_id, epoch=epoch, status=status)
            for camera_id, epoch in self.epochs.items()
        ]
        await self._stub.RenewLease(messages.RenewLeaseRequest(worker_id=self._id, cameras=running))

    async def _keep_renewing(self, period_s: float) -> None:
        while True:
            await asyncio.sleep(period_s)
            try:
                await self.renew()
            except grpc.aio.AioRpcError as error:
                # As a real worker does, it tries again; one whose lease ran out would have to come back.
                print(f"{self._name} could not renew its lease: {error.code().name}")

    async def _follow(self) -> None:
        request = messages.WatchAssignmentsRequest(worker_id=self._id)
        async for answer in self._stub.WatchAssignments(request):
            self.epochs = {each.camera_id: each.epoch for each in answer.assignments}


async def _run() -> None:
    async with AsyncExitStack() as stack:
        folder = DataFolder(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        for server in (postgres, nats):
            await server.start()
            stack.push_async_callback(server.stop)
        settings = WorkerSettings(
            listen="127.0.0.1:0",
            database_url=SecretStr(await postgres.ensure_database("worker")),
            nats_url=SecretStr(nats.url("worker")),
            shutdown_grace_s=0.2,
        )
        pool = await stack.enter_async_context(worker_server(settings, authenticator=Anybody()))
        channel = await stack.enter_async_context(connect(pool.address))
        workers = [Worker(channel, f"worker {number}") for number in range(WORKERS)]
        for worker in workers:
            await worker.join()
            stack.push_async_callback(worker.die)
        bus = await stack.enter_async_context(Bus.connect(nats.url("stack"), name="benchmark"))
        await _measure(workers, bus)


async def _measure(workers: list[Worker], bus: Bus) -> None:
    def held() -> int:
        return sum(len(worker.epochs) for worker in workers)

    def epochs() -> dict[str, int]:
        return {camera: epoch for worker in workers for camera, epoch in worker.epochs.items()}

    def moved(before: dict[str, int]) -> int:
        return sum(epoch != before[camera] for camera, epoch in epochs().items())

    began = time.perf_counter()
    await _publish(bus)
    await _until(lambda: held() == CAMERAS)
    print(f"{CAMERAS} cameras with {WORKERS} workers after {time.perf_counter() - began:.1f} s")
    loads = [len(worker.epochs) for worker in workers]
    print(f"cameras of a worker: {min(loads)} to {max(loads)}")

    before = epochs()
    lost = workers[7]
    share = len(lost.epochs)
    began = time.perf_counter()
    await lost.die()
    await _until(lambda: held() == CAMERAS)
    print(
        f"a worker with {share} cameras dies: all run again after {time.perf_counter() - began:.1f} s, "
        f"{moved(before)} cameras moved"
    )
    before = epochs()
    await lost.join()
    await _until(lambda: held() == CAMERAS and not lost.epochs)
    print(f"it comes back: {moved(before)} cameras moved")

    began = time.perf_counter()
    for _ in range(ROUNDS):
        await asyncio.gather(*(worker.renew() for worker in workers))
    rate = ROUNDS * WORKERS / (time.perf_counter() - began)
    print(f"{rate:.0f} leases renewed a second, each with what the worker says of its cameras")


async def _publish(bus: Bus) -> None:
    events: list[tuple[str, Envelope]] = []
    for _ in range(CAMERAS):
        camera_id = new_id()
        created = events_pb2.CameraCreated(
            camera_id=camera_id, name=camera_id, stream=stream_pb2.Stream(uri="demo://plaza")
        )
        activated = events_pb2.CameraActivated(camera_id=camera_id)
        events += [
            (
                CAMERA.subject(type(event).__name__, camera_id),
                Envelope.of(
                    event,
                    id=derived_id("camera", camera_id, version),
                    source="tally/camera",
                    subject=camera_id,
                    time=START,
                    version=version,
                ),
            )
            for version, event in ((1, created), (2, activated))
        ]
    await bus.publish(events)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - fifty streams and no event that tells of all
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    main()
