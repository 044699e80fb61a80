"""Workers are emptied and used again from the command line, while a camera is counted."""

import asyncio
import json
from typing import Any

import grpc
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from tally.api.camera.v1 import stream_pb2
from tally.cli.main import app
from tally.kernel.ids import new_id
from tally.stack.mesh import Mesh
from tests.component.auth.programs import Accounts
from tests.component.camera.calls import Cameras
from tests.e2e.pool import Pool
from tests.e2e.square import square

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNCORDON = "tally workers uncordon ends that"


class Tally:
    """The `tally` command at a mesh, with a key that may do everything."""

    def __init__(self, gateway: str, key: str) -> None:
        self._runner = CliRunner(
            env={"TALLY_GATEWAY": f"http://{gateway}", "TALLY_API_KEY": key, "COLUMNS": "200"}
        )

    async def __call__(self, *arguments: str) -> str:
        done = await asyncio.to_thread(self._runner.invoke, app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    async def workers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(await self("workers", "list", "--json"))
        return [worker for worker in found if worker["state"] == "WORKER_STATE_ALIVE"]


@pytest_asyncio.fixture(loop_scope="session")
async def tally(mesh: Mesh, channel: grpc.aio.Channel) -> Tally:
    accounts = Accounts(channel)
    account = await accounts.create(f"operations {new_id()}", "super-admin")
    return Tally(mesh.gateway, (await accounts.create_key(account.id)).secret)


async def test_a_drained_worker_keeps_a_camera_that_nobody_else_has_room_for(
    tally: Tally, cameras: Cameras, pool: Pool
) -> None:
    (worker,) = await tally.workers()
    name = worker["name"]
    camera = await cameras.create(square("Gate", "demo://plaza?walkers=30"))
    try:
        await cameras.activate(camera.id)
        await pool.reaches(camera.id, stream_pb2.STREAM_STATE_STREAMING)
        assert UNCORDON in await tally("workers", "drain", name)
        (drained,) = await tally.workers()
        assert drained["admission"] == "WORKER_ADMISSION_DRAINING"
        assert camera.id in {each["cameraId"] for each in drained["cameras"]}
        assert "draining" in await tally("workers", "list")
        scaling = json.loads(await tally("workers", "scaling", "--json"))
        assert scaling.get("capacity", 0) == 0
        assert scaling["desiredWorkers"] >= 1
        assert await tally("workers", "cordon", name) == (
            f"{name} takes no more cameras; {UNCORDON}\n"
        )
    finally:
        assert await tally("workers", "uncordon", name) == f"{name} takes cameras\n"
        await cameras.delete(camera.id)
    assert "takes cameras" in await tally("workers", "list")
