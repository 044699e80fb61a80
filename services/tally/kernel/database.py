"""PostgreSQL through SQLAlchemy: transactions that leak nothing when a call is cancelled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tally.kernel.connections import Connections, driver
from tally.kernel.errors import ConcurrentChange, DomainError, InvalidInput, Unavailable

_LOST_RACES = ("40001", "40P01")
"""SQLSTATE of serialization_failure and deadlock_detected."""
_NUL = ("22021", "22P05")
"""SQLSTATE of character_not_in_repertoire and untranslatable_character."""


_NEWS = "tally.news"
_READS_ONLY = "tally.reads_only"


class Database:
    """One context's database.

    Args:
        url: SQLAlchemy URL (`postgresql+asyncpg://…`).
        pool_size: Connections kept open, and the most that are opened.
        pool_timeout_s: Seconds to wait for a free connection, and for a new one, before the call is refused.

    Attributes:
        name: What the server calls it.
        news: Set whenever a transaction of this process that was marked by `bring_news` has committed.
    """

    def __init__(self, url: str, *, pool_size: int = 10, pool_timeout_s: float = 5.0) -> None:
        engine = create_async_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,  # errors are logged, and parameters may be secrets
            connect_args={"timeout": pool_timeout_s},
        )
        self._connections = Connections(engine, most=pool_size, timeout_s=pool_timeout_s)
        self.name = engine.url.database or ""
        self.news = asyncio.Event()

    @asynccontextmanager
    async def begin(self, *, reads_only: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed when the block ends, undone when it ends by an error or is cancelled.

        Args:
            reads_only: Whether PostgreSQL is to refuse changes in it.

        Raises:
            Unavailable: The database cannot be reached or went away.
            ResourceExhausted: All connections are in use for too long.
            ConcurrentChange: PostgreSQL ended this transaction in favour of another that it stood in the way of.
            InvalidInput: A text holds the character U+0000, which PostgreSQL has no way to keep.
        """
        try:
            connection = await self._connections.take()
            try:
                connection.info[_NEWS] = False
                if connection.info.get(_READS_ONLY, False) is not reads_only:
                    await connection.execution_options(postgresql_readonly=reads_only)
                    connection.info[_READS_ONLY] = reads_only
                yield connection
            except BaseException as error:
                closed = (
                    isinstance(error, asyncpg.InterfaceError) and driver(connection).is_closed()
                )
                await self._undo(connection, sound=_leaves_sound(error))
                if closed:
                    raise Unavailable("the database went away") from error
                raise
            news = connection.info[_NEWS]
            await self._commit(connection)
            if news:
                self.news.set()
        except (ConnectionError, asyncpg.InternalClientError) as error:
            # The latter is asyncpg in the moment between the server's end and its own noticing it.
            raise Unavailable("the database went away") from error
        except (DBAPIError, asyncpg.PostgresError) as error:
            if _sqlstate(error) in _LOST_RACES:
                raise ConcurrentChange from error
            if _sqlstate(error) in _NUL:
                raise InvalidInput(
                    [], message="the request has a text with the character U+0000: leave it out"
                ) from error
            if not _went_away(error):
                raise
            raise Unavailable("the database went away") from error

    async def ping(self) -> None:
        """Return if the database answers.

        Raises:
            Unavailable: It does not.
        """
        async with self.begin() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    async def _commit(self, connection: AsyncConnection) -> None:
        if connection.in_transaction():
            await asyncio.shield(self._end(connection, connection.commit()))
        else:
            self._connections.give_back(connection)

    async def _undo(self, connection: AsyncConnection, *, sound: bool) -> None:
        if not connection.in_transaction():
            self._connections.give_back(connection, sound=sound)
            return
        try:
            await asyncio.shield(self._end(connection, connection.rollback()))
        except DBAPIError as error:
            # What the block raised says more than that undoing it failed on a dead connection.
            if not _went_away(error):
                raise

    async def _end(self, connection: AsyncConnection, ending: Awaitable[None]) -> None:
        sound = False
        try:
            await ending
            sound = True  # it has answered
        finally:
            self._connections.give_back(connection, sound=sound)


def _leaves_sound(error: BaseException) -> bool:
    """Whether a connection can go on after an error of who had it, other than that of a call that was cut off."""
    answered = isinstance(error, asyncpg.PostgresError) and not _went_away(error)
    return answered or isinstance(error, DomainError)


def _went_away(error: DBAPIError | asyncpg.PostgresError) -> bool:
    """Whether the server shut down, is starting, or cut the connection (SQLSTATE classes 08 and 57)."""
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    return invalidated or _sqlstate(error)[:2] in ("08", "57")


def _sqlstate(error: DBAPIError | asyncpg.PostgresError) -> str:
    told = error.orig if isinstance(error, DBAPIError) else error
    return getattr(told, "sqlstate", None) or ""


def bring_news(connection: AsyncConnection) -> None:
    """Have `Database.news` set when the connection's transaction has committed."""
    connection.info[_NEWS] = True


async def copy_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write many rows with PostgreSQL's COPY, within the connection's transaction.

    Args:
        connection: Where the transaction runs.
        table: Name of the table.
        columns: Names of the columns that each row gives.
        rows: The rows.
    """
    await driver(connection).copy_records_to_table(table, records=rows, columns=columns)
