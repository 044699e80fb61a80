"""Workers come and go, and cameras are always with one that lives."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from tally.api.camera.v1 import ai_model_pb2, stream_pb2
from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.worker.v1 import events_pb2, worker_pb2
from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tally.kernel.migrations import differences
from tally.worker.adapters.tables import metadata
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody
from tests.component.worker.conftest import Clock
from tests.component.worker.events import Listener, activate, created, line, tell
from tests.component.worker.members import STREAMING, Pool, Worker


async def test_an_active_camera_goes_to_a_worker_with_all_that_it_needs(
    pool: Pool, bus: Bus
) -> None:
    worker = await Worker.register(pool, "one")
    assert worker.lease == timedelta(seconds=9)
    async with worker.watch() as watch:
        await watch.until()
        camera = await activate(bus, uri="file:///video.mp4")
        (assignment,) = await watch.until(camera)
    assert assignment.stream.uri == "file:///video.mp4"
    assert assignment.counting == line("door")
    assert assignment.config_version == 1
    assert assignment.camera_name.startswith("camera ")
    assert assignment.HasField("activate_time")
    (told,) = await Listener(bus).next("CameraAssigned")
    assert told == events_pb2.CameraAssigned(
        camera_id=camera, worker_id=worker.id, epoch=assignment.epoch
    )
    assert assignment.epoch == pytest.approx(datetime.now(UTC).timestamp(), abs=60)


async def test_a_camera_waits_until_a_worker_has_room(pool: Pool, bus: Bus) -> None:
    cameras = {await activate(bus) for _ in range(3)}
    small = await Worker.register(pool, "small", capacity=1)
    large = await Worker.register(pool, "large", capacity=2)
    held: set[str] = set()
    for worker, capacity in ((small, 1), (large, 2)):
        async with worker.watch() as watch, asyncio.timeout(10):
            while True:
                answer = await watch.next()
                if len(answer.assignments) == capacity:
                    held |= {each.camera_id for each in answer.assignments}
                    break
    assert held == cameras


async def test_a_recording_that_was_read_to_its_end_makes_room(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one at a time", capacity=1)
    recording = await activate(bus)
    async with worker.watch() as watch, asyncio.timeout(10):
        while not (answer := await watch.next()).assignments:
            pass
        waiting = await activate(bus)
        await worker.renew(answer.assignments, stream_pb2.STREAM_STATE_ENDED)
        while len((answer := await watch.next()).assignments) < 2:
            pass
    assert {each.camera_id for each in answer.assignments} == {recording, waiting}


async def test_a_changed_camera_is_shown_at_once_and_keeps_its_epoch(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        (first,) = await watch.until(camera)
        changed = camera_events.CameraCountingChanged(camera_id=camera, counting=line("gate"))
        await tell(bus, camera, 3, changed)
        async with asyncio.timeout(4):  # sooner than the periodic refresh
            while True:
                (assignment,) = await watch.until(camera)
                if assignment.counting == line("gate"):
                    break
        assert (assignment.epoch, assignment.config_version) == (first.epoch, 3)
        await tell(bus, camera, 4, camera_events.CameraDeactivated(camera_id=camera))
        await watch.until()
    (told,) = await Listener(bus).next("CameraUnassigned")
    assert told == events_pb2.CameraUnassigned(
        camera_id=camera, worker_id=worker.id, epoch=first.epoch
    )


async def test_events_may_come_late_and_again(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    late, other = new_id(), await activate(bus)
    async with worker.watch() as watch:
        await tell(bus, late, 3, camera_events.CameraDeactivated(camera_id=late))
        await tell(bus, late, 2, camera_events.CameraActivated(camera_id=late))
        await tell(bus, late, 1, created(late))
        await watch.until(other)
        await tell(bus, late, 4, camera_events.CameraActivated(camera_id=late))
        await watch.until(late, other)


async def test_a_dead_workers_cameras_go_to_the_living(pool: Pool, bus: Bus, clock: Clock) -> None:
    dead = await Worker.register(pool, "dead")
    camera = await activate(bus)
    async with dead.watch() as watch:
        (before,) = await watch.until(camera)
    heir = await Worker.register(pool, "heir")
    clock.ahead = timedelta(seconds=8)
    await heir.renew()
    clock.ahead = timedelta(seconds=10)
    async with heir.watch() as watch:
        (assignment,) = await watch.until(camera)
    assert assignment.epoch > before.epoch
    shown = await pool.GetWorker(messages.GetWorkerRequest(worker_id=dead.id))
    assert shown.worker.state == worker_pb2.WORKER_STATE_GONE


async def test_a_worker_whose_lease_ran_out_must_register_again(pool: Pool, clock: Clock) -> None:
    worker = await Worker.register(pool, "one")
    async with worker.watch() as watch:
        await watch.until()
        clock.ahead = timedelta(seconds=10)
        error = await watch.error()
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await worker.renew()
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_worker_that_comes_back_gets_its_cameras_back(pool: Pool, bus: Bus) -> None:
    first = await Worker.register(pool, "one")
    other = await Worker.register(pool, "other")
    camera = await activate(bus)
    async with first.watch() as watch, asyncio.timeout(10):
        held = (await watch.next()).assignments or (await watch.next()).assignments
    holder, name = (first, "one") if held else (other, "other")
    async with holder.watch() as watch:
        (before,) = await watch.until(camera)
        back = await Worker.register(pool, name)
        assert (await watch.error()).code() is grpc.StatusCode.FAILED_PRECONDITION
    async with back.watch() as watch:
        (assignment,) = await watch.until(camera)
    assert assignment.epoch > before.epoch


async def test_a_worker_that_leaves_gives_its_cameras_away_at_once(pool: Pool, bus: Bus) -> None:
    leaving = await Worker.register(pool, "leaving")
    camera = await activate(bus)
    async with leaving.watch() as watch:
        await watch.until(camera)
    staying = await Worker.register(pool, "staying")
    async with staying.watch() as watch:
        await watch.until()
        await pool.DeregisterWorker(messages.DeregisterWorkerRequest(worker_id=leaving.id))
        await pool.DeregisterWorker(messages.DeregisterWorkerRequest(worker_id=leaving.id))
        await watch.until(camera)


async def test_a_streams_state_is_told_when_it_changes(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        assignments = await watch.until(camera)
    shown = await worker.renew(assignments)
    assert shown.cameras[0].status.frames_processed == 7
    await worker.renew(assignments)
    unreachable = stream_pb2.STREAM_STATE_UNREACHABLE
    await worker.renew(assignments, unreachable, "the camera refused the connection")
    first, second = await Listener(bus).next("StreamStateChanged", count=2)
    assert isinstance(first, events_pb2.StreamStateChanged)
    assert isinstance(second, events_pb2.StreamStateChanged)
    assert (first.camera_id, first.epoch) == (camera, assignments[0].epoch)
    assert first.status.state == STREAMING
    assert second.status.state == unreachable
    assert second.status.reason == "the camera refused the connection"


async def test_what_is_wrong_with_pictures_is_told_when_it_changes(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        assignments = await watch.until(camera)
    frozen = stream_pb2.StreamCondition(kind=stream_pb2.StreamCondition.KIND_FROZEN)
    frozen.start_time.FromDatetime(datetime(2026, 1, 1, 12, tzinfo=UTC))
    await worker.renew(assignments)
    await worker.renew(assignments, conditions=[frozen])
    shown = await worker.renew(assignments, conditions=[frozen])
    assert list(shown.cameras[0].status.conditions) == [frozen]
    await worker.renew(assignments)
    told = [
        list(event.status.conditions)
        for event in await Listener(bus).next("StreamStateChanged", count=3)
        if isinstance(event, events_pb2.StreamStateChanged)
    ]
    assert told == [[], [frozen], []]


async def test_whatever_may_be_wrong_with_pictures_is_told(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        assignments = await watch.until(camera)
    kinds = [kind for kind in stream_pb2.StreamCondition.Kind.values() if kind]
    conditions = [stream_pb2.StreamCondition(kind=kind) for kind in kinds]
    for condition in conditions:
        condition.start_time.FromDatetime(datetime(2026, 1, 1, 12, tzinfo=UTC))
    await worker.renew(assignments, conditions=conditions)
    (told,) = await Listener(bus).next("StreamStateChanged")
    assert isinstance(told, events_pb2.StreamStateChanged)
    assert sorted(told.status.conditions, key=lambda each: each.kind) == conditions


async def test_figures_of_a_stream_are_told_every_minute(
    pool: Pool, bus: Bus, clock: Clock
) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        assignments = await watch.until(camera)
    began = clock()
    await worker.renew(assignments)
    while clock() - began < timedelta(seconds=125):
        clock.ahead += worker.lease / 2
        await worker.renew(assignments)
    await worker.renew(assignments, stream_pb2.STREAM_STATE_UNREACHABLE)
    told = [
        event.status.state
        for event in await Listener(bus).next("StreamStateChanged", count=4)
        if isinstance(event, events_pb2.StreamStateChanged)
    ]
    assert told == [STREAMING] * 3 + [stream_pb2.STREAM_STATE_UNREACHABLE]


async def test_the_pool_shows_what_a_worker_has_not_sent(pool: Pool) -> None:
    worker = await Worker.register(pool, "one")
    said = worker_pb2.SpoolStatus(waiting_bytes=1000, max_bytes=2000, full=True)
    said.oldest_time.FromDatetime(datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert not (await worker.renew()).HasField("spool")
    await pool.RenewLease(messages.RenewLeaseRequest(worker_id=worker.id, spool=said))
    assert (await worker.renew()).spool == said


async def test_only_the_holder_is_believed(pool: Pool, bus: Bus) -> None:
    holder = await Worker.register(pool, "holder")
    camera = await activate(bus)
    async with holder.watch() as watch:
        assignments = await watch.until(camera)
    stranger = await Worker.register(pool, "stranger")
    await stranger.renew(assignments, stream_pb2.STREAM_STATE_UNREACHABLE)
    stale = worker_pb2.Assignment(camera_id=camera, epoch=0)
    await holder.renew([stale], stream_pb2.STREAM_STATE_UNREACHABLE)
    await holder.renew(assignments)
    (told,) = await Listener(bus).next("StreamStateChanged")
    assert isinstance(told, events_pb2.StreamStateChanged)
    assert told.status.state == STREAMING


async def test_workers_are_listed_by_pages(pool: Pool) -> None:
    ids = [(await Worker.register(pool, f"worker {number}")).id for number in range(5)]
    found, token = [], ""
    while True:
        page = await pool.ListWorkers(messages.ListWorkersRequest(page_size=2, page_token=token))
        found += [worker.id for worker in page.workers]
        token = page.next_page_token
        if not token:
            break
    assert found == sorted(ids)


async def test_an_unknown_worker_is_not_found(pool: Pool) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await pool.GetWorker(messages.GetWorkerRequest(worker_id=new_id()))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_status_without_a_state_is_refused(pool: Pool) -> None:
    worker = await Worker.register(pool, "one")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await worker.renew(
            [worker_pb2.Assignment(camera_id=new_id())], stream_pb2.STREAM_STATE_UNSPECIFIED
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_restarted_pool_knows_who_holds_what(
    settings: WorkerSettings, nats_url: str
) -> None:
    async with Bus.connect(nats_url, name="test") as bus:
        async with (
            worker_server(settings, authenticator=Anybody()) as server,
            connect(server.address) as channel,
        ):
            worker = await Worker.register(WorkerServiceStub(channel), "one")
            camera = await activate(bus)
            async with worker.watch() as watch:
                (before,) = await watch.until(camera)
        async with (
            worker_server(settings, authenticator=Anybody()) as server,
            connect(server.address) as channel,
        ):
            again = Worker(WorkerServiceStub(channel), messages.RegisterWorkerResponse())
            again.id = worker.id
            await again.renew()
            async with again.watch() as watch:
                (assignment,) = await watch.until(camera)
            assert assignment.epoch == before.epoch


async def test_a_pool_that_was_away_for_long_lets_workers_come_back_to_their_cameras(
    settings: WorkerSettings, nats_url: str, clock: Clock
) -> None:
    names = ("one", "two", "three")
    async with Bus.connect(nats_url, name="test") as bus:
        async with (
            worker_server(settings, clock=clock, authenticator=Anybody()) as server,
            connect(server.address) as channel,
        ):
            pool = WorkerServiceStub(channel)
            before = [await Worker.register(pool, name, capacity=3) for name in names]
            for _ in range(6):
                await activate(bus)
            async with AsyncExitStack() as stack:
                watches = [await stack.enter_async_context(each.watch()) for each in before]
                held = [await watch.holding(2) for watch in watches]
        clock.ahead += timedelta(minutes=10)
        async with (
            worker_server(settings, clock=clock, authenticator=Anybody()) as server,
            connect(server.address) as channel,
        ):
            pool = WorkerServiceStub(channel)
            for name, cameras in zip(names[:2], held, strict=False):
                worker = await Worker.register(pool, name, capacity=3)
                async with worker.watch() as watch:
                    assert await watch.holding(2) == cameras
            clock.ahead += timedelta(seconds=8)
            await worker.renew()
            clock.ahead += timedelta(seconds=2)
            async with worker.watch() as watch:
                assert await watch.holding(3) > held[1], "the third is gone: its cameras move"


async def test_the_migrations_make_the_tables(settings: WorkerSettings) -> None:
    async with worker_server(settings, authenticator=Anybody()):
        assert await differences(settings.database_url.get_secret_value(), metadata) == []


async def test_what_a_worker_says_of_its_models_is_told(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    model = ai_model_pb2.InstalledModel(name="motion", classes=["object"], side=640)
    report = messages.ReportModelsRequest(worker_id=worker.id, models=[model])
    await pool.ReportModels(report)
    (told,) = await Listener(bus).next("ModelsReported")
    assert told == events_pb2.ModelsReported(worker_id=worker.id, worker_name="one", models=[model])
    await pool.DeregisterWorker(messages.DeregisterWorkerRequest(worker_id=worker.id))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await pool.ReportModels(report)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_what_a_worker_measured_tells_how_busy_it_is(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    latency = ai_model_pb2.ModelLatency(p50_ms=80, p99_ms=90, frames=500, frames_at_once=2)
    model = ai_model_pb2.InstalledModel(name="motion", classes=["object"], latency=latency)
    await pool.ReportModels(messages.ReportModelsRequest(worker_id=worker.id, models=[model]))
    await activate(bus)
    async with worker.watch() as watch, asyncio.timeout(10):
        while not (await watch.next()).assignments:
            pass
    request = messages.GetWorkerRequest(worker_id=worker.id)
    # Ten frames a second, as long as the stream has not said how many, of 40 ms each.
    assert (await pool.GetWorker(request)).worker.load == pytest.approx(0.4)
    (listed,) = (await pool.ListWorkers(messages.ListWorkersRequest())).workers
    assert listed.load == pytest.approx(0.4)

    again = await Worker.register(pool, "one")
    request = messages.GetWorkerRequest(worker_id=again.id)
    assert (await pool.GetWorker(request)).worker.load == pytest.approx(0.4)


async def test_a_worker_says_what_it_runs_on(pool: Pool) -> None:
    hardware = worker_pb2.Hardware(cores=8, gpus=["NVIDIA L4"])
    request = messages.RegisterWorkerRequest(name="one", capacity=1, hardware=hardware)
    registered = (await pool.RegisterWorker(request)).worker
    found = await pool.GetWorker(messages.GetWorkerRequest(worker_id=registered.id))
    assert found.worker.hardware == hardware
