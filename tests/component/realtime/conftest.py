"""The realtime context as it runs: its own server over real NATS."""

from collections.abc import AsyncIterator

import grpc
import pytest
from pydantic import SecretStr

from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.realtime.bootstrap import realtime_server
from tally.realtime.settings import RealtimeSettings
from tally.stack.nats import NatsServer
from tests.callers import Anybody


@pytest.fixture
def settings(nats_server: NatsServer, nats_url: str) -> RealtimeSettings:
    """Settings with the context's own NATS user, who may do only what the context must."""
    return RealtimeSettings(
        listen="127.0.0.1:0",
        nats_url=SecretStr(nats_server.url("realtime")),
        shutdown_grace_s=5.0,
        heartbeat_s=0.2,
        max_subscribers=3,
        queue_capacity=300,
    )


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    """A connection for workers."""
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


@pytest.fixture
async def server(settings: RealtimeSettings, bus: Bus) -> AsyncIterator[RunningServer]:
    async with realtime_server(settings, authenticator=Anybody()) as running:
        yield running


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(server.address) as channel:
        yield channel
