"""The camera context as it runs: its own server over real PostgreSQL and NATS."""

from collections.abc import AsyncIterator

import grpc
import pytest
from pydantic import SecretStr

from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.stack.nats import NatsServer
from tests.callers import Anybody


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
