"""The history of the tables leads to the tables that the code uses."""

from tally.analytics.adapters.tables import metadata
from tally.kernel.migrations import differences, upgrade


async def test_a_migrated_database_has_the_tables_of_the_code(database_dsn: str) -> None:
    assert await differences(database_dsn, metadata)
    for _ in range(2):
        await upgrade(database_dsn, "tally.analytics.migrations")
        assert await differences(database_dsn, metadata) == []
