"""Units of work: the fakes of the unit tests and those in PostgreSQL, which pass the same tests."""

from collections.abc import AsyncIterator

import pytest

from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.domain.ports import Begin
from tally.kernel.database import Database
from tally.kernel.migrations import upgrade
from tests.unit.camera.fakes import Memory


@pytest.fixture(params=["memory", "postgresql"])
async def begin(request: pytest.FixtureRequest) -> AsyncIterator[Begin]:
    if request.param == "memory":
        yield Memory().begin
        return
    url = request.getfixturevalue("database_dsn")
    await upgrade(url, "tally.camera.migrations")
    database = Database(url)
    yield units_of_work(database)
    await database.close()
