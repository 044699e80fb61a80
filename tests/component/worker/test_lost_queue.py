"""Tasks that wait are handed to the workers again when the NATS server has lost its store."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from tally.api.worker.v1 import task_pb2
from tally.api.worker.v1 import task_run_service_pb2 as runs
from tally.api.worker.v1 import task_service_pb2 as messages
from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceStub
from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceStub
from tally.kernel.bus import TASKS
from tally.kernel.grpc.client import connect
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody

WORK = task_pb2.TaskWork(benchmark=task_pb2.BenchmarkModel(frames=5))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(DataFolder(tmp_path))
    await server.start()
    yield server
    await server.stop()


async def offered(server: NatsServer, count: int) -> list[str]:
    """The first `count` tasks that workers can take."""
    found: list[str] = []
    async with await nats.connect(server.url("stack")) as connection, asyncio.timeout(20):
        jetstream = connection.jetstream()
        while len(found) < count:
            try:
                message = await jetstream.get_msg(TASKS.name, len(found) + 1)
            except NotFoundError:
                await asyncio.sleep(0.05)
            else:
                found.append((message.subject or "").rsplit(".", 1)[1])
    return found


async def test_what_is_not_over_is_offered_again(
    server: NatsServer, settings: WorkerSettings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"nats_url": SecretStr(server.url("worker"))})
    async with (
        worker_server(settings, authenticator=Anybody()) as running,
        connect(running.address) as channel,
    ):
        tasks, workers = TaskServiceStub(channel), TaskRunServiceStub(channel)
        waiting, begun, over = [
            (await tasks.CreateTask(messages.CreateTaskRequest(work=WORK))).task.id
            for _ in range(3)
        ]
        await workers.StartTask(runs.StartTaskRequest(task_id=begun, worker="one"))
        await tasks.CancelTask(messages.CancelTaskRequest(task_id=over))
        assert await offered(server, 3) == [waiting, begun, over]
        await server.stop()
        shutil.rmtree(tmp_path / "nats")
        await server.start()
        assert await offered(server, 2) == [waiting, begun]
