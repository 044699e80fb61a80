"""A camera that asks for a password is counted, and the password is nowhere: in no file, no log and no answer."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.worker.v1 import worker_service_pb2
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.kernel.sealing import key_id
from tally.stack.folder import DataFolder
from tally.stack.postgres import PostgresServer
from tests.callers import Anybody
from tests.component.camera.calls import Cameras, a_camera
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.conftest import Background
from tests.integration.worker.test_agent import Counts, agent, until_state
from tests.traces import parts_with, traces

USER, PASSWORD, WRONG = "guard", "c0rrect/horse-battery", "wr0ng/horse-staple"
OLD_KEY, NEW_KEY = "old:" + "o" * 32, "new:" + "n" * 32
NAME = "Guarded yard 4711"


@pytest.fixture
def camera_settings(
    background: Background, postgres: PostgresServer, pool: RunningServer, nats_url: str
) -> Iterator[CameraSettings]:
    """A camera context beside the pool, with a database of its own."""
    url = background.run(postgres.ensure_database("guarded"))
    yield CameraSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(url),
        nats_url=SecretStr(nats_url),
        shutdown_grace_s=0.2,
        stream_keys=SecretStr(OLD_KEY),
        stream_networks="127.0.0.0/8",
    )
    background.run(postgres.drop_database("guarded"))


@pytest.fixture
async def cameras(camera_settings: CameraSettings) -> AsyncIterator[Cameras]:
    async with (
        camera_server(camera_settings, authenticator=Anybody()) as server,
        connect(server.address) as channel,
    ):
        yield Cameras(channel)


def guarded(uri: str, password: str) -> camera_pb2.Camera:
    camera = a_camera(NAME)
    camera.counting.ClearField("classes")
    camera.stream.uri = uri
    camera.stream.credentials.username = USER
    camera.stream.credentials.password = password
    return camera


async def assignment(
    pool: RunningServer, sealed_with: str
) -> worker_service_pb2.WatchAssignmentsResponse:
    """What the pool tells its worker, once the camera's credentials are sealed with this key."""
    async with connect(pool.address) as channel, asyncio.timeout(20):
        stub = WorkerServiceStub(channel)
        page = await stub.ListWorkers(worker_service_pb2.ListWorkersRequest())
        request = worker_service_pb2.WatchAssignmentsRequest(worker_id=page.workers[-1].id)
        call = stub.WatchAssignments(request)
        async for answer in call:
            (told,) = answer.assignments
            if key_id(told.sealed_credentials) == sealed_with:
                call.cancel()
                return answer
    raise AssertionError("the pool ended the stream")


async def reseal(settings: CameraSettings, keys: str) -> list[str]:
    """What an operator runs to have another key take over; returns the cameras that it says it changed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tally.camera.reseal",
        env={
            **os.environ,
            "TALLY_CAMERA_DATABASE_URL": settings.database_url.get_secret_value(),
            "TALLY_CAMERA_NATS_URL": settings.nats_url.get_secret_value(),
            "TALLY_CAMERA_STREAM_KEYS": keys,
        },
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, log = await process.communicate()
    assert process.returncode == 0
    cameras: list[str] = json.loads(log.splitlines()[-1])["cameras"]
    return cameras


async def test_a_password_opens_the_camera_and_is_nowhere_to_be_found(
    agent_environment: dict[str, str],
    pool: RunningServer,
    cameras: Cameras,
    camera_settings: CameraSettings,
    bus: Bus,
    server_folder: DataFolder,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    environment = agent_environment | {
        "TALLY_AGENT_STREAM_KEYS": f"{NEW_KEY} {OLD_KEY}",
        "TALLY_LOG_LEVEL": "debug",
    }
    pair = f"{USER}:{PASSWORD}"
    with MjpegServer(frames=100_000, interval_s=0.1, credentials=pair, scheme="Digest") as server:
        uri = f"{server.address}/stream"
        async with agent(environment, tmp_path / "agent.log"):
            made = await cameras.create(guarded(uri, WRONG))
            await cameras.activate(made.id)
            refused = await until_state(pool, made.id, stream_pb2.STREAM_STATE_UNREACHABLE)
            assert refused.status.reason == f"{uri} refused access; check user name and password"

            correct = guarded(uri, PASSWORD)
            correct.id = made.id
            changed = await cameras.update(correct, "stream.credentials")
            counted = await until_state(pool, made.id, stream_pb2.STREAM_STATE_STREAMING)
            records = await Counts(bus).until(lambda records: len(records) >= 2)
            told = await assignment(pool, "old")

            assert await reseal(camera_settings, f"{NEW_KEY} {OLD_KEY}") == [made.id]
            assert await reseal(camera_settings, NEW_KEY) == []
            resealed = await assignment(pool, "new")
            later = await Counts(bus).until(lambda later: len(later) >= len(records) + 2)
            assert len({record.run_id for record in later}) == 1

    answers = [
        made, refused, changed, counted, told, resealed, await cameras.get(made.id), await cameras.list(),
    ]  # fmt: skip
    assert changed.stream.credentials_set
    forbidden = [*traces(USER, PASSWORD), *traces(USER, WRONG)]
    shown = b"".join(each.SerializeToString() for each in answers) + caplog.text.encode()
    assert not [each for each in forbidden if each in shown]
    assert parts_with(server_folder.root, *forbidden) == set()
    assert parts_with(tmp_path, *forbidden) == set()
    # What is searched does hold what was said of the camera.
    name = NAME.encode()
    assert name in shown
    assert parts_with(server_folder.root, name) >= {"postgres", "nats"}
    assert parts_with(tmp_path, name) == {"agent.log", "spool"}


async def test_a_worker_without_the_key_says_which_one_it_lacks(
    agent_environment: dict[str, str], pool: RunningServer, cameras: Cameras, tmp_path: Path
) -> None:
    made = await cameras.create(guarded("rtsp://127.0.0.1:1/yard", PASSWORD))
    await cameras.activate(made.id)
    async with agent(
        agent_environment | {"TALLY_AGENT_STREAM_KEYS": NEW_KEY}, tmp_path / "agent.log"
    ):
        running = await until_state(pool, made.id, stream_pb2.STREAM_STATE_UNREACHABLE)
    assert "no key with the id old; add it to TALLY_AGENT_STREAM_KEYS" in running.status.reason
