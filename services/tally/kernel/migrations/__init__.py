"""Brings a context's tables up to date; each context keeps a history of its own in `migrations/versions`."""

import asyncio
import threading
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7236839)")
"""Several servers of a context may start at once."""

_alembic = threading.Lock()
"""Several contexts may start at once in one process, and alembic keeps what it is doing in global variables."""


async def upgrade(url: str, package: str) -> None:
    """Run the migrations that have not run yet, all in one transaction.

    Args:
        url: SQLAlchemy URL of the context's database.
        package: The context's migrations, such as `tally.camera.migrations`.
    """
    await asyncio.to_thread(_upgrade_alone, url, package)


async def differences(url: str, metadata: MetaData) -> list[object]:
    """What a migrated database has otherwise than `metadata` says; empty if the history is complete."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_differences, metadata)
    finally:
        await engine.dispose()


def _upgrade_alone(url: str, package: str) -> None:
    with _alembic:
        asyncio.run(_upgrade_in_turn(url, package))


async def _upgrade_in_turn(url: str, package: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(_ONE_AT_A_TIME)
            await connection.run_sync(_upgrade, package)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, package: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(files(__package__)))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("version_locations", str(files(package).joinpath("versions")))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _differences(connection: Connection, metadata: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
