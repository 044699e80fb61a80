"""A database with the analytics tables."""

from collections.abc import AsyncIterator

import pytest

from tally.kernel.database import Database
from tally.kernel.migrations import upgrade


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    await upgrade(database_dsn, "tally.analytics.migrations")
    database = Database(database_dsn)
    yield database
    await database.close()
