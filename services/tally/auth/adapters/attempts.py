"""Logins that have not succeeded."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import attempts

SPAN = timedelta(minutes=15)


class PostgresAttempts:
    """The `login_attempts` table: a window of fixed length, which begins with the first attempt."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def count(self, key: str, now: datetime) -> int:
        """Count one more."""
        over = attempts.c.since <= now - SPAN
        statement = (
            insert(attempts)
            .values(key=key, since=now, count=1)
            .on_conflict_do_update(
                index_elements=[attempts.c.key],
                set_={
                    "since": case((over, now), else_=attempts.c.since),
                    "count": case((over, 1), else_=attempts.c["count"] + 1),
                },
            )
            .returning(attempts.c["count"])
        )
        return int((await self._connection.execute(statement)).scalar_one())

    async def clear(self, key: str) -> None:
        """Forget those of one key."""
        await self._connection.execute(delete(attempts).where(attempts.c.key == key))

    async def sweep(self, now: datetime) -> None:
        """Forget those whose span is over."""
        await self._connection.execute(delete(attempts).where(attempts.c.since <= now - SPAN))
