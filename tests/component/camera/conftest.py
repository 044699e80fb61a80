"""The camera context as it runs: its own server over real PostgreSQL and NATS."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import grpc
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.cli import (
    areas,
    cameras,
    exporting,
    importing,
    placing,
    provisioning,
    sagas,
    sites,
    switching,
)
from tally.cli.main import app
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.stack.nats import NatsServer
from tests.callers import Anybody
from tests.conftest import Background

Tally = Callable[..., list[str]]


@pytest.fixture
def settings(database_dsn: str, nats_server: NatsServer, nats_url: str) -> CameraSettings:
    """Settings with the context's own NATS user, who may do only what the context must."""
    return CameraSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(nats_server.url("camera")),
        shutdown_grace_s=0.2,
    )


@pytest.fixture
async def server(settings: CameraSettings) -> AsyncIterator[RunningServer]:
    async with camera_server(settings, authenticator=Anybody()) as running:
        yield running


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(server.address) as channel:
        yield channel


@pytest.fixture
def address(settings: CameraSettings, background: Background) -> Iterator[str]:
    """Where a server answers."""
    stack = AsyncExitStack()
    server = camera_server(settings, authenticator=Anybody())
    yield background.run(stack.enter_async_context(server)).address
    background.run(stack.aclose())


@pytest.fixture
def tally(address: str, monkeypatch: pytest.MonkeyPatch) -> Tally:
    """Runs a command and returns the lines that it prints."""
    for module in (
        areas,
        cameras,
        exporting,
        importing,
        placing,
        provisioning,
        sagas,
        sites,
        switching,
    ):
        monkeypatch.setattr(module, "calling", lambda gateway: connect(address))

    def run(*arguments: str, fails: bool = False) -> list[str]:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
        assert (done.exit_code != 0) is fails, done.output
        return done.output.splitlines()

    return run
