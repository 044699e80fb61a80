"""The open connections to a database, kept from one transaction to the next.

SQLAlchemy's own pools check each connection out and in through a greenlet and clothe it anew, a quarter of what a short
command costs. Here it stays as it is; the rest of a pool is its bounds, and to replace connections that died.
"""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tally.kernel.errors import ResourceExhausted, Unavailable


class Connections:
    """The connections of an engine whose pool keeps none.

    Args:
        engine: Opens them.
        most: How many there may be at once.
        timeout_s: Seconds to wait for a free one before the call is refused.
    """

    def __init__(self, engine: AsyncEngine, *, most: int, timeout_s: float) -> None:
        self._engine = engine
        self._permits = asyncio.Semaphore(most)
        self._timeout_s = timeout_s
        self._idle: list[AsyncConnection] = []
        self._closed = False

    async def take(self) -> AsyncConnection:
        """A connection of the caller's own, until it is given back.

        Raises:
            ResourceExhausted: All are in use for too long.
            Unavailable: The database cannot be reached.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._permits.acquire()
        except TimeoutError as error:
            raise ResourceExhausted("the database is busy; try again later") from error
        while self._idle:
            connection = self._idle.pop()
            # The server closed it, such as at its restart, which must not cost the next caller an error. A ping would
            # notice more, at the price of a round trip for every transaction.
            if not driver(connection).is_closed():
                return connection
            await _discard(connection)
        return await self._open()

    def give_back(self, connection: AsyncConnection, *, sound: bool = True) -> None:
        """Leave a connection without a transaction to others.

        Args:
            connection: The connection; one that is in a transaction, or was closed by the server, is closed.
            sound: Whether it has answered all that it was asked; otherwise it is closed too.
        """
        if sound and not self._closed and _clean(connection):
            self._idle.append(connection)
            self._permits.release()
            return
        discarding = asyncio.ensure_future(_discard(connection))
        _discarding.add(discarding)
        discarding.add_done_callback(_discarding.discard)
        discarding.add_done_callback(lambda _: self._permits.release())

    async def close(self) -> None:
        """Close those that are free now, and the others when they are given back."""
        self._closed = True
        while self._idle:
            await _discard(self._idle.pop())
        await self._engine.dispose()

    async def _open(self) -> AsyncConnection:
        """A new connection; should the caller be cancelled meanwhile, it is for the next one."""
        opening = asyncio.ensure_future(self._engine.connect().start())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._leave_to_others)
            raise
        except BaseException as error:
            self._permits.release()
            if isinstance(error, OSError):
                reason = str(error) or "no answer"
                raise Unavailable(f"the database cannot be reached: {reason}") from error
            raise

    def _leave_to_others(self, opening: "asyncio.Future[AsyncConnection]") -> None:
        if opening.cancelled() or opening.exception() is not None:
            self._permits.release()
        else:
            self.give_back(opening.result())


_discarding: set["asyncio.Future[None]"] = set()
"""The event loop keeps weak references to its tasks only."""


def driver(connection: AsyncConnection) -> Any:
    """Asyncpg's own connection, for statements that are written once and run often.

    SQLAlchemy begins its transaction with the first statement that it runs itself. What is run here before that is a
    transaction of its own; what is run after it is part of SQLAlchemy's.
    """
    return connection.sync_connection.connection.driver_connection  # type: ignore[union-attr]  # it is open


def _clean(connection: AsyncConnection) -> bool:
    return not (
        connection.invalidated
        or connection.in_transaction()
        or driver(connection).is_closed()
        or driver(connection).is_in_transaction()
    )


async def _discard(connection: AsyncConnection) -> None:
    with suppress(DBAPIError, OSError):  # it may be dead already
        await connection.close()
