"""A database whose server is killed, and comes back, while it is written to."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tally.kernel.database import Database, copy_rows
from tally.kernel.errors import Unavailable
from tally.stack.folder import DataFolder
from tally.stack.postgres import PostgresServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PostgresServer]:
    server = PostgresServer(DataFolder(tmp_path))
    await server.start()
    yield server
    await server.stop()


async def insert(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO numbers SELECT generate_series(1, 5000)"))


async def copy(database: Database) -> None:
    async with database.begin() as connection:
        await copy_rows(connection, "numbers", ["n"], [(n,) for n in range(5000)])


async def test_writers_hear_nothing_but_unavailable_and_then_go_on(server: PostgresServer) -> None:
    database = Database(await server.ensure_database("shop"), pool_size=8, pool_timeout_s=2)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE numbers (n int)"))
    written = failed = 0
    stopping = False

    async def keep(write: Callable[[Database], Awaitable[None]]) -> None:
        nonlocal written, failed
        while not stopping:
            try:
                await write(database)
                written += 1
            except Unavailable:
                failed += 1
                await asyncio.sleep(0.02)

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for write in (insert, copy) * 4:
            group.create_task(keep(write))
        while written < 16:
            await asyncio.sleep(0.01)
        assert server.process.pid is not None
        os.kill(server.process.pid, signal.SIGKILL)
        while not failed:
            await asyncio.sleep(0.01)
        before = written
        while written < before + 16:
            await asyncio.sleep(0.01)
        stopping = True
    async with database.begin() as connection:
        stored = (await connection.execute(text("SELECT count(*) FROM numbers"))).scalar_one()
    # A commit whose answer was lost may have happened.
    assert written * 5000 <= stored <= (written + 8) * 5000
    await database.close()


async def test_an_error_of_the_block_itself_stays_what_it_is(database_dsn: str) -> None:
    database = Database(database_dsn)
    with pytest.raises(TimeoutError):
        async with database.begin():
            raise TimeoutError
    with pytest.raises(FileNotFoundError):
        async with database.begin():
            raise FileNotFoundError
    await database.close()
