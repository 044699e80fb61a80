"""The history of the pool's tables ends where its code begins."""

from tally.kernel.migrations import differences, upgrade
from tally.worker.adapters.tables import metadata


async def test_the_history_makes_the_tables_that_the_code_uses(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.worker.migrations")
    assert await differences(database_dsn, metadata) == []
