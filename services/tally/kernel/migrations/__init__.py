"""Brings a context's tables up to date; each context keeps a history of its own in `migrations/versions`.

Tables belong to a role that does not serve, so that no server can change or drop them, whoever takes it over:
`python -m tally.kernel.migrations CONTEXT` runs the migrations as that role, before the context's server starts.
"""

import asyncio
import threading
from collections.abc import Callable
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7236839)")
"""Several servers of a context may start at once."""
_OWNS_THE_DATABASE = text(
    "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()"
)

_alembic = threading.Lock()
"""Several contexts may start at once in one process, and alembic keeps what it is doing in global variables."""


class TablesOutdated(Exception):
    """The tables are older than the program, and its role may not change them."""

    def __init__(self, package: str) -> None:
        context = package.split(".")[1]
        super().__init__(
            f"the tables of {context} are out of date: run `python -m tally.kernel.migrations {context}` with the URL "
            f"of the role that owns them in TALLY_{context.upper()}_OWNER_URL"
        )


async def upgrade(url: str, package: str) -> None:
    """Run the migrations that have not run yet, all in one transaction.

    Args:
        url: SQLAlchemy URL of the context's database, for the role that owns it.
        package: The context's migrations, such as `tally.camera.migrations`.
    """
    await asyncio.to_thread(_alone, _upgrade, url, package)


async def ensure_tables(url: str, package: str) -> None:
    """See to it that the tables are up to date: as the database's owner by migrations, otherwise by looking.

    Args:
        url: SQLAlchemy URL of the context's database.
        package: The context's migrations, such as `tally.camera.migrations`.

    Raises:
        TablesOutdated: They are not, and the role does not own the database.
    """
    await asyncio.to_thread(_alone, _upgrade_or_check, url, package)


async def differences(url: str, metadata: MetaData) -> list[object]:
    """What a migrated database has otherwise than `metadata` says; empty if the history is complete."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_differences, metadata)
    finally:
        await engine.dispose()


def _alone(work: Callable[[Connection, str], None], url: str, package: str) -> None:
    with _alembic:
        asyncio.run(_in_turn(work, url, package))


async def _in_turn(work: Callable[[Connection, str], None], url: str, package: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(_ONE_AT_A_TIME)
            await connection.run_sync(work, package)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, package: str) -> None:
    configuration = _configuration(package)
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _upgrade_or_check(connection: Connection, package: str) -> None:
    if connection.execute(_OWNS_THE_DATABASE).scalar_one():
        _upgrade(connection, package)
        return
    history = ScriptDirectory.from_config(_configuration(package))
    revision = MigrationContext.configure(connection).get_current_revision()
    # A revision that this program does not know is a later one: its server is just being replaced.
    known = {script.revision for script in history.walk_revisions()}
    if revision is None or (revision in known and revision != history.get_current_head()):
        raise TablesOutdated(package)


def _configuration(package: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files(__package__)))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("version_locations", str(files(package).joinpath("versions")))
    return configuration


def _differences(connection: Connection, metadata: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
