"""The database and the bus of a context that renames cameras."""

from collections.abc import AsyncIterator

import pytest

from tally.kernel.bus import Bus
from tally.kernel.database import Database
from tests.integration.kernel.renames import metadata


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    database = Database(database_dsn, pool_size=16)
    async with database.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus
