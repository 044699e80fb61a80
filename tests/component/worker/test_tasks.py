"""The queue of tasks, as people and workers find it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tally.api.worker.v1 import queue_service_pb2, task_pb2
from tally.api.worker.v1 import task_run_service_pb2 as runs
from tally.api.worker.v1 import task_service_pb2 as messages
from tally.api.worker.v1.queue_service_pb2_grpc import QueueServiceStub
from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceStub
from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceStub
from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tally.kernel.process import background
from tally.worker.agent.jobs import queue as task_queue
from tally.worker.agent.jobs.queue import TaskQueue
from tally.worker.agent.jobs.tools import Tools
from tally.worker.agent.reader import FrameStream
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Keeper
from tests.component.worker.events import activate, line
from tests.component.worker.members import Pool, Worker
from tests.unit.worker.agent.scenes import OneDetector, WalkDetector, WalkSource, streamed

if TYPE_CHECKING:
    from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceAsyncStub
    from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceAsyncStub

    Tasks = TaskServiceAsyncStub
    Runs = TaskRunServiceAsyncStub
else:
    Tasks = Runs = Any

MEASURING = task_pb2.TaskWork(benchmark=task_pb2.BenchmarkModel(frames=5))
COUNTING = task_pb2.TaskWork(
    recount=task_pb2.RecountRecording(uri="file:///walk.mp4", counting=line("door"))
)


@pytest.fixture
def tasks(channel: grpc.aio.Channel) -> Tasks:
    return TaskServiceStub(channel)


@pytest.fixture
def workers(channel: grpc.aio.Channel) -> Runs:
    return TaskRunServiceStub(channel)


async def create(tasks: Tasks, work: task_pb2.TaskWork = MEASURING, **more: Any) -> task_pb2.Task:
    return (await tasks.CreateTask(messages.CreateTaskRequest(work=work, **more))).task


async def get(tasks: Tasks, task_id: str) -> task_pb2.Task:
    return (await tasks.GetTask(messages.GetTaskRequest(task_id=task_id))).task


async def fails(call: Any, code: grpc.StatusCode) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is code


async def until(tasks: Tasks, task_id: str, state: task_pb2.TaskState.ValueType) -> task_pb2.Task:
    """Follow the task until it is in this state."""
    async with asyncio.timeout(10):
        async for answer in tasks.WatchTask(messages.WatchTaskRequest(task_id=task_id)):
            if answer.task.state == state:
                return answer.task
    raise AssertionError("the task ended in another state")


async def _open(uri: str) -> FrameStream:
    return streamed(WalkSource(100 if uri.startswith("file:") else 15))


@asynccontextmanager
async def worker(
    channel: grpc.aio.Channel, nats_url: str, name: str = "one", open_: Any = _open
) -> AsyncIterator[None]:
    tools = Tools(OneDetector(WalkDetector()), open_)
    async with background(TaskQueue(nats_url, "", name, channel, tools).run()):
        yield


async def test_tasks_are_listed_and_filtered_the_newest_first(tasks: Tasks) -> None:
    first = await create(tasks)
    second = await create(tasks, COUNTING)
    third = await create(tasks)
    request = messages.ListTasksRequest(page_size=2)
    page = await tasks.ListTasks(request)
    assert [each.id for each in page.tasks] == [third.id, second.id]
    request.page_token = page.next_page_token
    rest = await tasks.ListTasks(request)
    assert [each.id for each in rest.tasks] == [first.id]
    assert not rest.next_page_token
    wanted = messages.ListTasksRequest(
        kind=task_pb2.TASK_KIND_RECOUNT, state=task_pb2.TASK_STATE_QUEUED
    )
    assert [each.id for each in (await tasks.ListTasks(wanted)).tasks] == [second.id]


async def test_a_repeated_request_creates_one_task(tasks: Tasks) -> None:
    request_id = new_id()
    first = await create(tasks, request_id=request_id)
    again = await create(tasks, request_id=request_id)
    assert again == first
    await fails(create(tasks, COUNTING, request_id=request_id), grpc.StatusCode.ALREADY_EXISTS)


@pytest.mark.parametrize(
    "work",
    [
        task_pb2.TaskWork(),
        task_pb2.TaskWork(
            recount=task_pb2.RecountRecording(uri="rtsp://camera/", counting=line("door"))
        ),
        task_pb2.TaskWork(recount=task_pb2.RecountRecording(uri="file:///a.mp4")),
        task_pb2.TaskWork(
            recount=task_pb2.RecountRecording(uri="demo://plaza", counting=line("door"))
        ),
    ],
)
async def test_what_is_no_job_is_refused(tasks: Tasks, work: task_pb2.TaskWork) -> None:
    await fails(create(tasks, work), grpc.StatusCode.INVALID_ARGUMENT)


async def test_a_camera_counts_as_it_did_when_the_task_was_created(
    tasks: Tasks, workers: Runs, pool: Pool, bus: Bus
) -> None:
    unknown = task_pb2.RecountRecording(uri="file:///a.mp4", camera_id=new_id())
    await fails(create(tasks, task_pb2.TaskWork(recount=unknown)), grpc.StatusCode.NOT_FOUND)
    camera_id = await activate(bus)
    work = task_pb2.TaskWork(
        recount=task_pb2.RecountRecording(uri="file:///a.mp4", camera_id=camera_id)
    )
    member = await Worker.register(pool, "one")
    async with member.watch() as watch:
        await watch.until(camera_id)
    task = await create(tasks, work)
    begun = await workers.StartTask(runs.StartTaskRequest(task_id=task.id, worker="one"))
    assert begun.work.recount.counting == line("door")
    assert (await get(tasks, task.id)).work == work


async def test_the_queue_tells_its_depth(tasks: Tasks, channel: grpc.aio.Channel) -> None:
    await create(tasks, priority=task_pb2.TASK_PRIORITY_HIGH)
    await create(tasks)
    await create(tasks)
    found = await QueueServiceStub(channel).GetQueue(queue_service_pb2.GetQueueRequest())
    assert [(each.priority, each.waiting) for each in found.depths] == [
        (task_pb2.TASK_PRIORITY_HIGH, 1),
        (task_pb2.TASK_PRIORITY_NORMAL, 2),
        (task_pb2.TASK_PRIORITY_LOW, 0),
    ]
    assert found.oldest_age.ToTimedelta().total_seconds() > 0
    assert (found.running, found.dead) == (0, 0)


async def test_the_outcome_of_a_run_that_lost_its_task_is_refused(
    tasks: Tasks, workers: Runs
) -> None:
    task = await create(tasks)
    first = await workers.StartTask(runs.StartTaskRequest(task_id=task.id, worker="one"))
    second = await workers.StartTask(runs.StartTaskRequest(task_id=task.id, worker="two"))
    result = task_pb2.TaskResult(benchmark=task_pb2.BenchmarkResult(model="late"))
    late = runs.FinishTaskRequest(task_id=task.id, run=first.run, result=result)
    await fails(workers.FinishTask(late), grpc.StatusCode.FAILED_PRECONDITION)
    result.benchmark.model = "right"
    await workers.FinishTask(runs.FinishTaskRequest(task_id=task.id, run=second.run, result=result))
    done = await get(tasks, task.id)
    assert (done.state, done.result.benchmark.model) == (task_pb2.TASK_STATE_SUCCEEDED, "right")


async def test_a_worker_counts_a_recording_and_measures_a_model(
    tasks: Tasks, channel: grpc.aio.Channel, nats_url: str
) -> None:
    recount = await create(tasks, COUNTING)
    benchmark = await create(tasks)
    async with worker(channel, nats_url):
        counted = await until(tasks, recount.id, task_pb2.TASK_STATE_SUCCEEDED)
        measured = await until(tasks, benchmark.id, task_pb2.TASK_STATE_SUCCEEDED)
    (door,) = counted.result.recount.lines
    assert (door.line, getattr(door, "in"), door.out) == ("door", 1, 0)
    assert (counted.result.recount.frames, counted.progress, counted.worker) == (100, 1, "one")
    found = measured.result.benchmark
    assert (found.model, found.frames) == ("walk", 5)
    assert 0 < found.p50_ms <= found.p99_ms


async def test_higher_priorities_go_first(
    tasks: Tasks, channel: grpc.aio.Channel, nats_url: str, bus: Bus
) -> None:
    low = await create(tasks, priority=task_pb2.TASK_PRIORITY_LOW)
    normal = await create(tasks)
    high = await create(tasks, priority=task_pb2.TASK_PRIORITY_HIGH)
    async with asyncio.timeout(10):
        while (await bus.jetstream.stream_info("TASKS")).state.messages < 3:
            await asyncio.sleep(0.02)
    async with worker(channel, nats_url):
        done = [
            await until(tasks, each.id, task_pb2.TASK_STATE_SUCCEEDED)
            for each in (low, normal, high)
        ]
    ended = [each.end_time.ToNanoseconds() for each in done]
    assert ended == sorted(ended, reverse=True)


async def test_a_running_task_that_is_cancelled_stops(
    tasks: Tasks, channel: grpc.aio.Channel, nats_url: str
) -> None:
    opened: list[WalkSource] = []

    async def endless(uri: str) -> FrameStream:
        opened.append(WalkSource(5, linger=True))
        return streamed(opened[-1])

    task = await create(tasks, COUNTING)
    async with worker(channel, nats_url, open_=endless):
        await until(tasks, task.id, task_pb2.TASK_STATE_RUNNING)
        await tasks.CancelTask(messages.CancelTaskRequest(task_id=task.id))
        await until(tasks, task.id, task_pb2.TASK_STATE_CANCELLED)
        other = await create(tasks)
        await until(tasks, other.id, task_pb2.TASK_STATE_RUNNING)
    assert opened[0]._closing.is_set()
    await fails(
        tasks.RequeueTask(messages.RequeueTaskRequest(task_id=task.id)),
        grpc.StatusCode.FAILED_PRECONDITION,
    )


async def test_a_task_whose_worker_died_is_done_by_another(
    tasks: Tasks,
    workers: Runs,
    channel: grpc.aio.Channel,
    nats_url: str,
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_queue, "ACK_WAIT_S", 1.0)
    task = await create(tasks)
    # The one that dies: it takes the task, begins it, and is never heard of again.
    queue = await task_queue.subscribe(bus, "normal")
    await queue.fetch(1, timeout=5)
    await workers.StartTask(runs.StartTaskRequest(task_id=task.id, worker="dead"))
    async with worker(channel, nats_url, "two"):
        done = await until(tasks, task.id, task_pb2.TASK_STATE_SUCCEEDED)
    assert (done.worker, done.attempt) == ("two", 2)


async def test_a_task_that_cannot_be_done_is_dead_until_somebody_queues_it_again(
    tasks: Tasks, channel: grpc.aio.Channel, nats_url: str
) -> None:
    crooked = line("door")
    crooked.zones.add(name="flat").polygon.extend([crooked.lines[0].start] * 3)
    task = await create(
        tasks,
        task_pb2.TaskWork(recount=task_pb2.RecountRecording(uri="file:///a.mp4", counting=crooked)),
    )
    async with worker(channel, nats_url):
        dead = await until(tasks, task.id, task_pb2.TASK_STATE_DEAD)
        assert (dead.attempt, "flat" in dead.error) == (1, True)
        again = await tasks.RequeueTask(messages.RequeueTaskRequest(task_id=task.id))
        assert again.task.state == task_pb2.TASK_STATE_QUEUED
        await until(tasks, task.id, task_pb2.TASK_STATE_DEAD)


async def test_callers_bound_to_sites_see_and_create_tasks_of_their_cameras_alone(
    settings: WorkerSettings, tasks: Tasks
) -> None:
    elsewhere = await create(tasks)
    bound = Keeper({"camera:read": frozenset({new_id()}), "camera:write": frozenset({new_id()})})
    async with (
        worker_server(settings, authenticator=bound) as server,
        connect(server.address) as channel,
    ):
        own: Tasks = TaskServiceStub(channel)
        assert not (await own.ListTasks(messages.ListTasksRequest())).tasks
        await fails(get(own, elsewhere.id), grpc.StatusCode.NOT_FOUND)
        cancel = messages.CancelTaskRequest(task_id=elsewhere.id)
        await fails(own.CancelTask(cancel), grpc.StatusCode.NOT_FOUND)
        await fails(create(own), grpc.StatusCode.PERMISSION_DENIED)
