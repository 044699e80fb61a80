"""The pool as it runs: its own server over real PostgreSQL and NATS."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import grpc
import pytest
from pydantic import SecretStr

from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.kernel.bus import Bus
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody
from tests.component.worker.members import Pool


class Clock:
    """The wall clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_dsn: str, nats_url: str) -> WorkerSettings:
    return WorkerSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(nats_url),
        shutdown_grace_s=0.2,
    )


@pytest.fixture
async def server(settings: WorkerSettings, clock: Clock) -> AsyncIterator[RunningServer]:
    async with worker_server(settings, clock=clock, authenticator=Anybody()) as running:
        yield running


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(server.address) as channel:
        yield channel


@pytest.fixture
def pool(channel: grpc.aio.Channel) -> Pool:
    return WorkerServiceStub(channel)


@pytest.fixture
async def bus(server: RunningServer, nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus
