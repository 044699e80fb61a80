"""The sessions and their refresh tokens."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import refresh_tokens, sessions
from tally.auth.domain.model import RefreshToken


class PostgresSessions:
    """The `user_sessions` and `refresh_tokens` tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, session_id: str, user_id: str, now: datetime, expiry: datetime) -> None:
        """Begin a session."""
        await self._connection.execute(
            insert(sessions).values(
                id=session_id, user_id=user_id, create_time=now, expire_time=expiry
            )
        )

    async def add_token(self, session_id: str, refresh_token: str) -> None:
        """Let the session continue with this token."""
        await self._connection.execute(
            insert(refresh_tokens).values(digest=_digest(refresh_token), session_id=session_id)
        )

    async def hold_token(self, refresh_token: str) -> RefreshToken | None:
        """The token with its session, both locked."""
        query = (
            select(
                refresh_tokens.c.session_id,
                sessions.c.user_id,
                sessions.c.expire_time,
                refresh_tokens.c.used_at,
            )
            .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
            .where(refresh_tokens.c.digest == _digest(refresh_token))
            .with_for_update()
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else RefreshToken(*row)

    async def mark_used(self, refresh_token: str, now: datetime) -> None:
        """Keep when the token was used first."""
        await self._connection.execute(
            update(refresh_tokens)
            .where(
                refresh_tokens.c.digest == _digest(refresh_token),
                refresh_tokens.c.used_at.is_(None),
            )
            .values(used_at=now)
        )

    async def end(self, session_id: str) -> None:
        """Forget a session; its tokens go with it."""
        await self._connection.execute(delete(sessions).where(sessions.c.id == session_id))

    async def end_all(self, user_id: str) -> None:
        """Forget all sessions of a user."""
        await self._connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    async def sweep(self, now: datetime) -> None:
        """Forget sessions that have expired."""
        await self._connection.execute(delete(sessions).where(sessions.c.expire_time <= now))


def _digest(refresh_token: str) -> bytes:
    """Without salt: the token is 256 random bits, which nobody guesses."""
    return sha256(refresh_token.encode()).digest()
