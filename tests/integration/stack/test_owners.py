"""The role that serves a context has its rows; the tables belong to another, which no server knows."""

import asyncpg
import pytest

from tally.kernel.ids import new_id
from tally.kernel.migrations import TablesOutdated, ensure_tables, upgrade
from tally.stack.postgres import PostgresServer
from tests.conftest import Background

AUTH = "tally.auth.migrations"
APPEND = "INSERT INTO audit_logs SELECT 1, 'a', now(), 'user:1', '', 'x', '', 'OK', '', '', '\\x00'::bytea"


@pytest.fixture
def name() -> str:
    return f"test_{new_id()[-12:]}"


@pytest.fixture
async def database(postgres: PostgresServer, background: Background, name: str) -> str:
    """A migrated database of the auth context; the URL is that of the role which serves."""
    await upgrade(background.run(postgres.ensure_database(name)), AUTH)
    return postgres.url(name)


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("+asyncpg", ""))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_logs SET principal = 'somebody else'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "DROP TRIGGER audit_logs_append_only ON audit_logs",
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "ALTER TABLE audit_logs RENAME TO other",
        "DROP TABLE audit_logs",
        "DROP SCHEMA public CASCADE",
        "CREATE TABLE public.more (id int)",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
        'SET ROLE "{name}_owner"',
    ],
)
async def test_who_serves_only_reads_and_appends_to_the_audit_log(
    database: str, name: str, statement: str
) -> None:
    connection = await connect(database)
    try:
        await connection.execute(APPEND)
        with pytest.raises(asyncpg.PostgresError) as caught:
            await connection.execute(statement.format(name=name))
        assert isinstance(
            caught.value,
            asyncpg.InsufficientPrivilegeError | asyncpg.InvalidFunctionDefinitionError,
        )
        assert await connection.fetchval("SELECT principal FROM audit_logs") == "user:1"
    finally:
        await connection.close()


async def test_who_serves_has_the_rows_of_all_other_tables(database: str) -> None:
    connection = await connect(database)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 5
    for (table,) in tables:
        if table != "audit_logs":
            await connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
    await connection.close()


async def test_a_server_does_not_start_on_tables_that_are_out_of_date(
    postgres: PostgresServer, background: Background, name: str
) -> None:
    owner_url = background.run(postgres.ensure_database(name))
    with pytest.raises(TablesOutdated, match="TALLY_AUTH_OWNER_URL"):
        await ensure_tables(postgres.url(name), AUTH)
    await ensure_tables(owner_url, AUTH)
    await ensure_tables(postgres.url(name), AUTH)
    owner = await connect(owner_url)
    await owner.execute("UPDATE alembic_version SET version_num = '9999'")  # a later program's
    await owner.close()
    await ensure_tables(postgres.url(name), AUTH)


async def test_a_database_of_former_times_is_given_to_its_owner(
    postgres: PostgresServer, background: Background, name: str
) -> None:
    background.run(postgres.ensure_database(name))
    administrator = await connect(postgres.url(name, role="postgres"))
    for statement in (
        f'ALTER DATABASE "{name}" OWNER TO "{name}"',
        f'SET ROLE "{name}"',
        "CREATE TABLE kept AS SELECT 7 AS id",
    ):
        await administrator.execute(statement)
    await administrator.close()
    background.run(postgres.ensure_database(name))
    connection = await connect(postgres.url(name))
    assert await connection.fetchval("SELECT id FROM kept") == 7
    await connection.execute("UPDATE kept SET id = 8")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DROP TABLE kept")
    await connection.close()
