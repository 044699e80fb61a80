"""Servers that start at once, of several contexts in one process even, do not get in each other's way."""

import asyncio
from collections.abc import Iterator

import pytest

from tally.analytics.adapters import tables as analytics
from tally.camera.adapters import tables as camera
from tally.kernel.migrations import differences, upgrade
from tally.stack.postgres import PostgresServer
from tests.conftest import Background


@pytest.fixture
def other_dsn(background: Background, postgres: PostgresServer) -> Iterator[str]:
    yield background.run(postgres.ensure_database("test_other"))
    background.run(postgres.drop_database("test_other"))


async def test_every_database_gets_its_tables_once(database_dsn: str, other_dsn: str) -> None:
    await asyncio.gather(
        *(upgrade(database_dsn, "tally.camera.migrations") for _ in range(3)),
        *(upgrade(other_dsn, "tally.analytics.migrations") for _ in range(3)),
    )
    assert await differences(database_dsn, camera.metadata) == []
    assert await differences(other_dsn, analytics.metadata) == []
