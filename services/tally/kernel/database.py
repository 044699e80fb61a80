"""PostgreSQL through SQLAlchemy: transactions that leak nothing when a call is cancelled."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from tally.kernel.errors import ConcurrentChange, InvalidInput, ResourceExhausted, Unavailable

_LOST_RACES = ("40001", "40P01")
"""SQLSTATE of serialization_failure and deadlock_detected."""
_NUL = ("22021", "22P05")
"""SQLSTATE of character_not_in_repertoire and untranslatable_character."""


_NEWS = "tally.news"


class Database:
    """One context's database.

    Args:
        url: SQLAlchemy URL (`postgresql+asyncpg://…`).
        pool_size: Connections kept open, and the most that are opened.
        pool_timeout_s: Seconds to wait for a free connection, and for a new one, before the call is refused.

    Attributes:
        news: Set whenever a transaction of this process that was marked by `bring_news` has committed.
    """

    def __init__(self, url: str, *, pool_size: int = 10, pool_timeout_s: float = 5.0) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout_s,
            hide_parameters=True,  # errors are logged, and parameters may be secrets
            connect_args={"timeout": pool_timeout_s},
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)
        self.news = asyncio.Event()

    @property
    def name(self) -> str:
        """What the server calls it."""
        return self._engine.url.database or ""

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
            connection = await self._connect()
            try:
                connection.info[_NEWS] = False
                if reads_only:
                    await connection.execution_options(postgresql_readonly=True)
                yield connection
            except BaseException as error:
                closed = (
                    isinstance(error, asyncpg.InterfaceError) and driver(connection).is_closed()
                )
                await asyncio.shield(_finish(connection, commit=False))
                if closed:
                    raise Unavailable("the database went away") from error
                raise
            news = connection.info[_NEWS]
            await asyncio.shield(_finish(connection, commit=True))
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
        await self._engine.dispose()

    async def _connect(self) -> AsyncConnection:
        """Check a connection out; should the caller be cancelled meanwhile, it goes back to the pool."""
        connecting = asyncio.ensure_future(self._engine.connect().start())
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_return_unused)
            raise
        except PoolTimeout as error:
            raise ResourceExhausted("the database is busy; try again later") from error
        except OSError as error:
            reason = str(error) or "no answer"
            raise Unavailable(f"the database cannot be reached: {reason}") from error


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that the server closed: its restart must not cost the next caller an error.

    A ping would notice more, at the price of a round trip for every transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _return_unused(connecting: "asyncio.Future[AsyncConnection]") -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        returning = asyncio.ensure_future(connecting.result().close())
        _returning.add(returning)
        returning.add_done_callback(_returning.discard)


_returning: set["asyncio.Future[None]"] = set()
"""The event loop keeps weak references to its tasks only."""


async def _finish(connection: AsyncConnection, *, commit: bool) -> None:
    try:
        if connection.in_transaction():
            await (connection.commit() if commit else connection.rollback())
    except DBAPIError as error:
        # What the block raised says more than that undoing it failed on a dead connection.
        if commit or not _went_away(error):
            raise
    finally:
        await connection.close()


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


def driver(connection: AsyncConnection) -> Any:
    """Asyncpg's own connection, for statements that are written once and run often.

    SQLAlchemy begins its transaction with the first statement that it runs itself. What is run here before that is a
    transaction of its own; what is run after it is part of SQLAlchemy's.
    """
    return connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]  # it is open


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
