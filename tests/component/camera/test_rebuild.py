"""The read model is rebuilt while the server runs, by call and from the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from tally.api.camera.v1 import camera_admin_service_pb2 as messages
from tally.api.camera.v1.camera_admin_service_pb2_grpc import CameraAdminServiceStub
from tally.cli import rebuilding
from tally.cli.main import app
from tally.kernel.database import Database
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tests.component.camera.calls import Cameras, a_camera


async def test_whoever_changes_a_camera_meanwhile_waits(channel: grpc.aio.Channel) -> None:
    cameras, admin = Cameras(channel), CameraAdminServiceStub(channel)
    created = await cameras.create()
    rebuilt, changed = await asyncio.gather(
        admin.RebuildReadModel(messages.RebuildReadModelRequest()), cameras.activate(created.id)
    )
    assert rebuilt == messages.RebuildReadModelResponse(cameras=1)
    assert await cameras.get(created.id) == changed


@pytest.fixture
def cli(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        async with connect(server.address) as channel:
            yield channel

    monkeypatch.setattr(rebuilding, "calling", calling)
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


async def test_the_command_line_says_what_was_wrong(
    channel: grpc.aio.Channel, database_dsn: str, cli: CliRunner
) -> None:
    async def rebuild(*options: str) -> Result:
        return await asyncio.to_thread(cli.invoke, app, ["cameras", "rebuild", *options])

    cameras = Cameras(channel)
    first, second = [await cameras.create(a_camera(name)) for name in ("Plaza", "Square")]
    database = Database(database_dsn)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE cameras SET labels = '{}' WHERE name = 'Plaza'"))
        await connection.execute(text("DELETE FROM cameras WHERE name = 'Square'"))
    await database.close()

    found = json.loads((await rebuild("--check", "--json")).output)
    assert (found["cameras"], found["differing"]) == (2, 2)
    checked = await rebuild("--check")
    assert first.id in checked.output
    assert "2 of 2 cameras: wrong" in checked.output
    assert not (await cameras.get(first.id)).labels

    mended = await rebuild()
    told = [" ".join(line.split()) for line in mended.output.splitlines()]
    assert f"{first.id} was shown with wrong fields labels" in told
    assert f"{second.id} was not shown" in told
    assert [await cameras.get(each.id) for each in (first, second)] == [first, second]
    assert (await rebuild()).output.strip() == "all 2 cameras are shown as their events say"
