"""The auth context as it runs: its own server over real PostgreSQL, with a clock that tests move."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from pydantic import SecretStr

from tally.auth.bootstrap import auth_server
from tally.auth.settings import AuthSettings
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tally.stack.nats import NatsServer
from tests.passwords import GIVEN, QUICK, choose_password

ADMIN_EMAIL = "admin@localhost"
ADMIN_PASSWORD = "seven blue herons"


class MovableClock:
    """The real time, moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def settings(database_dsn: str, nats_server: NatsServer, nats_url: str) -> AuthSettings:
    """Settings with the context's own NATS user, who may do only what the context must."""
    return AuthSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(nats_server.url("auth")),
        secret=SecretStr("x" * 32),
        first_admin_email=ADMIN_EMAIL,
        first_admin_password=SecretStr(GIVEN),
        shutdown_grace_s=0.2,
    )


@pytest.fixture
async def server(settings: AuthSettings, clock: MovableClock) -> AsyncIterator[RunningServer]:
    """The server, whose first administrator has chosen a password."""
    async with auth_server(settings, clock=clock, hasher=QUICK) as running:
        async with connect(running.address) as channel:
            await choose_password(channel, ADMIN_EMAIL, GIVEN, ADMIN_PASSWORD)
        yield running


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(server.address) as channel:
        yield channel
