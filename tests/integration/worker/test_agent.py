"""A camera worker as it runs: a process of its own beside a real pool, NATS and Triton."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.api.worker.v1 import worker_pb2, worker_service_pb2
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.kernel.bus import CAMERA, COUNTING, Bus, Envelope
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.kernel.grpc.validation import check_message
from tally.kernel.ids import new_id
from tally.stack.folder import free_port
from tally.stack.nats import NatsServer
from tally.stack.triton import TritonServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody

FRAMES = 300
SLOW_SCENE = "demo://plaza?fps=5&width=320&height=180&walkers=8"
SCENE = f"demo://plaza?frames={FRAMES}&width=320&height=180&walkers=8"


@asynccontextmanager
async def agent(
    environment: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A camera worker, told to stop in the end."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tally.worker.agent",
            env={**os.environ, **environment}, stderr=output,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(20):
                assert await process.wait() == 0


async def activate(
    bus: Bus,
    uri: str,
    pace: stream_pb2.Pace.ValueType,
    privacy: geometry_pb2.Privacy | None = None,
) -> str:
    """Tell of a camera with a line and a zone; returns its id."""
    camera_id = new_id()
    corners = [(0.2, 0.4), (0.8, 0.4), (0.8, 0.9), (0.2, 0.9)]
    counting = geometry_pb2.CountingConfig(
        lines=[
            geometry_pb2.Line(
                name="middle",
                start=geometry_pb2.Point(x=0.5, y=0.2),
                end=geometry_pb2.Point(x=0.5, y=1),
            )
        ],
        zones=[
            geometry_pb2.Zone(
                name="square", polygon=[geometry_pb2.Point(x=x, y=y) for x, y in corners]
            )
        ],
        privacy=privacy,
    )
    created = camera_events.CameraCreated(
        camera_id=camera_id,
        name=uri[:20],
        stream=stream_pb2.Stream(uri=uri, pace=pace),
        counting=counting,
    )
    activated = camera_events.CameraActivated(camera_id=camera_id)
    await bus.publish(
        [
            (
                CAMERA.subject(type(event).__name__, camera_id),
                Envelope.of(
                    event, id=new_id(), source="test", subject=camera_id,
                    time=utc_now(), version=version,
                ),
            )
            for version, event in enumerate((created, activated), 1)
        ]
    )  # fmt: skip
    return camera_id


class Counts:
    """All records in the stream, each once."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._by_id: dict[str, CountsRecorded] = {}

    async def until(self, complete: Callable[[list[CountsRecorded]], bool]) -> list[CountsRecorded]:
        """Read on until the records are complete."""
        subscription = await self._bus.jetstream.subscribe(
            COUNTING.subject("*"), ordered_consumer=True
        )
        try:
            async with asyncio.timeout(60):
                while not complete(self.records):
                    message = await subscription.next_msg(timeout=60)
                    envelope = Envelope.parse(message.headers or {}, message.data)
                    record = envelope.message()
                    assert isinstance(record, CountsRecorded)
                    check_message(record)
                    known = self._by_id.setdefault(envelope.id, record)
                    assert _without_epoch(known) == _without_epoch(record)
        finally:
            await subscription.unsubscribe()
        return self.records

    @property
    def records(self) -> list[CountsRecorded]:
        return sorted(self._by_id.values(), key=lambda record: record.sequence)


def _without_epoch(record: CountsRecorded) -> CountsRecorded:
    copy = CountsRecorded()
    copy.CopyFrom(record)
    copy.ClearField("epoch")
    return copy


def frames(records: list[CountsRecorded]) -> int:
    return sum(record.frames_processed for record in records)


async def until_state(
    pool: RunningServer, camera_id: str, state: stream_pb2.StreamState.ValueType
) -> worker_pb2.RunningCamera:
    """The camera as a living worker reports it, once it is in this state."""
    async with connect(pool.address) as channel, asyncio.timeout(60):
        stub = WorkerServiceStub(channel)
        while True:
            page = await stub.ListWorkers(worker_service_pb2.ListWorkersRequest())
            for worker in page.workers:
                for camera in worker.cameras:
                    if (
                        worker.state == worker_pb2.WORKER_STATE_ALIVE
                        and camera.camera_id == camera_id
                        and camera.status.state == state
                    ):
                        return camera
            await asyncio.sleep(0.1)


def assert_whole(records: list[CountsRecorded]) -> None:
    """One run, every frame once, every crossing once."""
    assert len({record.run_id for record in records}) == 1
    assert [record.sequence for record in records] == list(range(len(records)))
    assert frames(records) == FRAMES
    assert sum(record.frames_dropped for record in records) == 0
    crossings = [crossing.id for record in records for crossing in record.crossings]
    assert len(set(crossings)) == len(crossings)
    total = records[-1].totals[0]
    assert total.in_count + total.out_count == len(crossings)
    assert all(a.end_time.ToDatetime() <= b.start_time.ToDatetime() for a, b in pairwise(records))
    assert records[-1].occupancies[0].count == 0
    assert len(records[-1].reference_totals) == len(records[-1].reference_occupancies) == 1


async def test_a_recording_is_counted_once_whatever_is_killed(
    agent_environment: dict[str, str],
    pool: RunningServer,
    bus: Bus,
    nats_server: NatsServer,
    tmp_path: Path,
) -> None:
    camera = await activate(bus, SCENE, stream_pb2.PACE_AS_FAST_AS_POSSIBLE)
    counts = Counts(bus)
    log = tmp_path / "agent.log"
    async with agent(agent_environment, log) as process:
        await counts.until(lambda records: len(records) >= 3)
        process.kill()
        await process.wait()
    assert frames(counts.records) < FRAMES
    async with agent(agent_environment, log):
        await counts.until(lambda records: len(records) >= 6)
        victim = nats_server.process.pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        await until_state(pool, camera, stream_pb2.STREAM_STATE_ENDED)
        assert_whole(await counts.until(lambda records: frames(records) >= FRAMES))
    whole = len(counts.records)
    async with agent(agent_environment, log):
        await until_state(pool, camera, stream_pb2.STREAM_STATE_ENDED)
    assert len(counts.records) == whole


async def test_a_dead_stream_says_why_and_troubles_nobody(
    agent_environment: dict[str, str], pool: RunningServer, bus: Bus, tmp_path: Path
) -> None:
    dead = await activate(bus, f"rtsp://127.0.0.1:{free_port()}/dead", stream_pb2.PACE_UNSPECIFIED)
    alive = await activate(bus, SLOW_SCENE, stream_pb2.PACE_UNSPECIFIED)
    async with agent(agent_environment, tmp_path / "agent.log"):
        shown = await until_state(pool, dead, stream_pb2.STREAM_STATE_UNREACHABLE)
        assert "refused the connection" in shown.status.reason
        await until_state(pool, alive, stream_pb2.STREAM_STATE_STREAMING)
        records = await Counts(bus).until(lambda records: len(records) >= 3)
        assert {record.camera_id for record in records} == {alive}


async def test_a_live_camera_goes_on_when_triton_comes_back(
    agent_environment: dict[str, str],
    pool: RunningServer,
    bus: Bus,
    triton: TritonServer,
    tmp_path: Path,
) -> None:
    camera = await activate(bus, SLOW_SCENE, stream_pb2.PACE_REALTIME)
    async with agent(agent_environment, tmp_path / "agent.log"):
        counts = Counts(bus)
        before = await counts.until(lambda records: len(records) >= 2)
        victim = triton.process.pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        after = await counts.until(
            lambda records: (
                sum(record.frames_processed > 0 for record in records) > len(before) + 2
                and any(record.frames_dropped > 0 for record in records)
            )
        )
        assert {record.camera_id for record in after} == {camera}
        await until_state(pool, camera, stream_pb2.STREAM_STATE_STREAMING)


async def test_cameras_are_counted_while_the_pool_is_down(
    agent_environment: dict[str, str], pool_settings: WorkerSettings, bus: Bus, tmp_path: Path
) -> None:
    counts = Counts(bus)
    async with agent(agent_environment, tmp_path / "agent.log"):
        async with worker_server(pool_settings, authenticator=Anybody()):
            await activate(bus, SLOW_SCENE, stream_pb2.PACE_REALTIME)
            before = await counts.until(lambda records: len(records) >= 1)
        during = await counts.until(lambda records: len(records) >= len(before) + 3)
        async with worker_server(pool_settings, authenticator=Anybody()):
            after = await counts.until(
                lambda records: any(record.epoch > during[-1].epoch for record in records)
            )
    assert len({record.run_id for record in after}) == 1


async def test_a_worker_that_starts_while_the_pool_is_down_goes_on(
    agent_environment: dict[str, str], pool_settings: WorkerSettings, bus: Bus, tmp_path: Path
) -> None:
    counts, log = Counts(bus), tmp_path / "agent.log"
    async with agent(agent_environment, log) as process:
        async with worker_server(pool_settings, authenticator=Anybody()):
            camera = await activate(bus, SLOW_SCENE, stream_pb2.PACE_REALTIME)
            before = await counts.until(lambda records: len(records) >= 1)
        process.kill()
        await process.wait()
    async with agent(agent_environment, log):
        after = await counts.until(
            lambda records: any(record.run_id != before[0].run_id for record in records)
        )
    assert {(each.camera_id, each.epoch) for each in after} == {(camera, before[0].epoch)}
