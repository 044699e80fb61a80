"""Real servers for tests: started when the first test asks, on free loopback ports, stopped at the end."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import hypothesis
import nats
import pytest
from xdist.scheduler import LoadScopeScheduling

from tally.kernel.telemetry import configure_logs
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer

T = TypeVar("T")


configure_logs("test")
# Machines are noisy: how long an example takes says nothing here.
hypothesis.settings.register_profile("tally", deadline=None)
hypothesis.settings.load_profile("tally")

ONE_PROCESS = (
    "tests/e2e",
    "tests/integration/triton",
    "tests/integration/worker",
    "tests/integration/cli",
)
"""Folders whose tests share a mesh, or Triton."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(ONE_PROCESS))


class ByServers(LoadScopeScheduling):  # type: ignore[misc]  # the package ships no types
    """Has processes that share the suite (`-n`) share no server that is slow to start.

    Whatever uses the mesh is one process's work; of the rest each file is.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return next((folder for folder in ONE_PROCESS if file.startswith(folder)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """How the suite is shared."""
    return ByServers(config, log)


class Background:
    """An event loop in a thread of its own: servers outlive the loops of single tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end and return the result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=120)

    def close(self) -> None:
        """Stop the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    """A loop that lasts as long as the session."""
    loop = Background()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """The data folder that the session's servers share."""
    return DataFolder(tmp_path_factory.mktemp("servers"))


@pytest.fixture(scope="session")
def postgres(background: Background, server_folder: DataFolder) -> Iterator[PostgresServer]:
    """One PostgreSQL server for the session."""
    server = PostgresServer(server_folder)
    background.run(server.start())
    yield server
    background.run(server.stop())


@pytest.fixture
def database_dsn(background: Background, postgres: PostgresServer) -> Iterator[str]:
    """SQLAlchemy URL of an empty database of the test's own."""
    name = f"test_{uuid4().hex[:12]}"
    yield background.run(postgres.ensure_database(name))
    background.run(postgres.drop_database(name))


@pytest.fixture(scope="session")
def nats_server(background: Background, server_folder: DataFolder) -> Iterator[NatsServer]:
    """One NATS server with JetStream for the session."""
    server = NatsServer(server_folder)
    background.run(server.start())
    yield server
    background.run(server.stop())


@pytest.fixture
async def nats_url(nats_server: NatsServer) -> AsyncIterator[str]:
    """URL of a NATS server without any stream, for a user who may do everything."""
    url = nats_server.url("stack")
    await _remove_streams(url)
    yield url
    await _remove_streams(url)


async def _remove_streams(url: str) -> None:
    client = await nats.connect(url)
    try:
        context = client.jetstream()
        for stream in await context.streams_info():
            await context.delete_stream(stream.config.name or "")
    finally:
        await client.close()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with recordings and weights that `TALLY_TEST_DATA` names; skips without it."""
    folder = os.environ.get("TALLY_TEST_DATA")
    if not folder:
        pytest.skip("TALLY_TEST_DATA names no folder with recordings and weights")
    return Path(folder)
