"""Workers say which cameras they take, and people whether they take any."""

import asyncio

import grpc
import pytest

from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.worker.v1 import scaling_service_pb2, worker_pb2
from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.scaling_service_pb2_grpc import ScalingServiceStub
from tally.kernel.bus import Bus
from tally.kernel.ids import new_id
from tests.component.worker.events import activate, tell
from tests.component.worker.members import Pool, Worker

UPSTAIRS = worker_pb2.CameraSelector(labels={"floor": "2"})


async def test_a_worker_gets_the_cameras_that_it_takes(pool: Pool, bus: Bus) -> None:
    picky = await Worker.register(pool, "picky", selector=UPSTAIRS)
    shown = await pool.GetWorker(messages.GetWorkerRequest(worker_id=picky.id))
    assert shown.worker.selector == UPSTAIRS
    below = await activate(bus, labels={"floor": "1"})
    above = await activate(bus, labels={"floor": "2", "kind": "door"})
    async with picky.watch() as watch:
        await watch.until(above)
        changed = camera_events.CameraLabelsChanged(camera_id=below, labels={"floor": "2"})
        await tell(bus, below, 3, changed)
        await watch.until(above, below)


async def test_a_cordoned_worker_keeps_its_cameras_and_gets_no_more(pool: Pool, bus: Bus) -> None:
    worker = await Worker.register(pool, "one")
    first = await activate(bus)
    async with worker.watch() as watch:
        await watch.until(first)
    closed = await pool.CordonWorker(messages.CordonWorkerRequest(worker_id=worker.id))
    assert closed.worker.admission == worker_pb2.WORKER_ADMISSION_CORDONED
    second = await activate(bus)
    other = await Worker.register(pool, "other")
    async with other.watch() as others:
        await others.until(second)
    async with worker.watch() as watch:
        assert [each.camera_id for each in (await watch.next()).assignments] == [first]


async def test_a_drained_worker_gives_its_cameras_away_and_takes_them_again(
    pool: Pool, bus: Bus
) -> None:
    worker = await Worker.register(pool, "one")
    camera = await activate(bus)
    async with worker.watch() as watch:
        await watch.until(camera)
        await pool.DrainWorker(messages.DrainWorkerRequest(worker_id=worker.id))
        other = await Worker.register(pool, "other")
        async with other.watch() as others:
            await others.until(camera)
        await watch.until()
        back = await Worker.register(pool, "one")
        shown = await pool.GetWorker(messages.GetWorkerRequest(worker_id=back.id))
        assert shown.worker.admission == worker_pb2.WORKER_ADMISSION_DRAINING
        opened = await pool.UncordonWorker(messages.UncordonWorkerRequest(worker_id=back.id))
        assert opened.worker.admission == worker_pb2.WORKER_ADMISSION_OPEN
        await pool.DrainWorker(messages.DrainWorkerRequest(worker_id=other.id))
    async with back.watch() as watch:
        await watch.until(camera)


async def test_an_unknown_worker_cannot_be_drained(pool: Pool) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await pool.DrainWorker(messages.DrainWorkerRequest(worker_id=new_id()))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_pool_tells_how_many_workers_it_needs(
    pool: Pool, channel: grpc.aio.Channel, bus: Bus
) -> None:
    worker = await Worker.register(pool, "small", capacity=1)
    for _ in range(2):
        await activate(bus)
    other = await Worker.register(pool, "other", capacity=1)
    for each in (worker, other):
        async with each.watch() as watch:
            while not (await watch.next()).assignments:
                continue
    await activate(bus)
    found = scaling_service_pb2.GetScalingResponse()
    async with asyncio.timeout(10):
        while found.wanted_cameras != 3:
            found = await ScalingServiceStub(channel).GetScaling(
                scaling_service_pb2.GetScalingRequest()
            )
    assert (found.waiting_cameras, found.workers, found.capacity) == (1, 2, 2)
    assert found.target_utilisation == 0.8
    assert found.desired_workers == 4
    assert found.demand == scaling_service_pb2.SCALING_DEMAND_CAMERAS
