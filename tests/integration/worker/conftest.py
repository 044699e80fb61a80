"""A pool, and what a camera worker needs to know."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tally.kernel.bus import Bus
from tally.kernel.grpc.server import RunningServer
from tally.stack.folder import free_port
from tally.stack.triton import TritonServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody, token_issuer


@pytest.fixture
def pool_settings(database_dsn: str, nats_url: str) -> WorkerSettings:
    """A pool that can be started again where it was."""
    return WorkerSettings(
        listen=f"127.0.0.1:{free_port()}",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(nats_url),
        shutdown_grace_s=0.2,
    )


@pytest.fixture
async def pool(pool_settings: WorkerSettings) -> AsyncIterator[RunningServer]:
    """A pool without workers."""
    async with worker_server(pool_settings, authenticator=Anybody()) as running:
        yield running


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    """A connection of the test's own."""
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


@pytest.fixture
async def auth_address() -> AsyncIterator[str]:
    """Where the worker's key gets tokens."""
    async with token_issuer() as address:
        yield address


@pytest.fixture
def agent_environment(
    pool_settings: WorkerSettings,
    auth_address: str,
    nats_url: str,
    triton: TritonServer,
    tmp_path: Path,
) -> dict[str, str]:
    """What a camera worker needs to know."""
    return {
        "TALLY_AGENT_API_KEY": "tally_key",
        "TALLY_AGENT_AUTH_ADDRESS": auth_address,
        "TALLY_AGENT_NAME": "one",
        "TALLY_AGENT_CAPACITY": "4",
        "TALLY_AGENT_LISTEN": "127.0.0.1:0",
        "TALLY_AGENT_POOL_ADDRESS": pool_settings.listen,
        "TALLY_AGENT_NATS_URL": nats_url,
        "TALLY_AGENT_TRITON_ADDRESS": triton.address,
        "TALLY_AGENT_STREAM_NETWORKS": "127.0.0.0/8",
        "TALLY_AGENT_SPOOL": str(tmp_path / "spool"),
    }
