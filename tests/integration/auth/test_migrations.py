"""The history of the auth context's tables makes what its code expects."""

from tally.auth.adapters.tables import metadata
from tally.kernel.migrations import differences, upgrade


async def test_the_migrations_make_the_tables(database_dsn: str) -> None:
    assert await differences(database_dsn, metadata)
    for _ in range(2):
        await upgrade(database_dsn, "tally.auth.migrations")
        assert await differences(database_dsn, metadata) == []
