"""Transactions that fail, are cancelled, or find no connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tally.kernel.connections import driver
from tally.kernel.database import Database, copy_rows
from tally.kernel.errors import InvalidInput, ResourceExhausted, Unavailable


@pytest.fixture
async def small_pool(database_dsn: str) -> AsyncIterator[Database]:
    database = Database(database_dsn, pool_size=4, pool_timeout_s=0.5)
    yield database
    await database.close()


async def test_cancelled_transactions_give_their_connections_back(small_pool: Database) -> None:
    async def slow() -> None:
        async with small_pool.begin() as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))

    for pause_s in (0, 0.001, 0.01, 0.05):  # in the midst of connecting, beginning, waiting
        tasks = [asyncio.create_task(slow()) for _ in range(4)]
        await asyncio.sleep(pause_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(small_pool.begin())


async def test_a_busy_pool_refuses_instead_of_queueing_for_ever(small_pool: Database) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(small_pool.begin())
        with pytest.raises(ResourceExhausted):
            await small_pool.ping()
    await small_pool.ping()


async def test_an_unreachable_database_is_unavailable() -> None:
    database = Database("postgresql+asyncpg://nobody:x@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await database.ping()


async def test_rows_are_copied_in_the_transaction(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (n int)"))
        await copy_rows(connection, "numbers", ["n"], [(n,) for n in range(1000)])
        total = await connection.execute(text("SELECT sum(n) FROM numbers"))
        assert total.scalar_one() == 499500


@pytest.mark.parametrize("kind", ["text", "jsonb"])
async def test_a_text_that_cannot_be_kept_is_the_callers_fault(
    database: Database, kind: str
) -> None:
    kept = {"text": "a\x00b", "jsonb": r'"a\u0000b"'}[kind]
    with pytest.raises(InvalidInput, match="U\\+0000"):
        async with database.begin() as connection:
            await connection.execute(text(f"SELECT CAST(:kept AS {kind})"), {"kept": kept})


async def test_errors_keep_what_was_asked_to_themselves(database: Database) -> None:
    with pytest.raises(DBAPIError) as failure:
        async with database.begin() as connection:
            await connection.execute(
                text("SELECT :secret FROM nowhere"), {"secret": "seven herons"}
            )
    assert "nowhere" in str(failure.value)
    assert "heron" not in str(failure.value)


async def test_what_one_transaction_left_behind_is_no_other_ones(database_dsn: str) -> None:
    database = Database(database_dsn, pool_size=1)
    async with database.begin(reads_only=True):
        pass
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE left_behind (n int)"))
        await connection.execute(text("INSERT INTO left_behind VALUES (1)"))
    async with database.begin() as connection:
        await driver(connection).execute("BEGIN")
        await driver(connection).execute("INSERT INTO left_behind VALUES (2)")
    async with database.begin(reads_only=True) as connection:
        assert (await connection.execute(text("SELECT n FROM left_behind"))).scalars().all() == [1]
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("INSERT INTO left_behind VALUES (3)"))
    await database.close()
