"""The sessions and their refresh tokens."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import refresh_tokens, sessions
from tally.auth.domain.model import Client, RefreshToken, Session


class PostgresSessions:
    """The `user_sessions` and `refresh_tokens` tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open(self, session: Session) -> None:
        """Begin a session."""
        await self._connection.execute(
            insert(sessions).values(
                id=session.id,
                user_id=session.user_id,
                user_agent=session.client.user_agent,
                address=session.client.address,
                create_time=session.create_time,
                last_use_time=session.last_use_time,
                expire_time=session.expire_time,
            )
        )

    async def of_user(self, user_id: str, now: datetime) -> Sequence[Session]:
        """The sessions of a user, newest first; those that wait for the sweep left out."""
        query = (
            select(sessions)
            .where(sessions.c.user_id == user_id, sessions.c.expire_time > now)
            .order_by(sessions.c.create_time.desc(), sessions.c.id)
        )
        return [_session(row) for row in await self._connection.execute(query)]

    async def find(self, session_id: str) -> Session | None:
        """The session with this id."""
        query = select(sessions).where(sessions.c.id == session_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _session(row)

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
        """Keep when the token was used first, and that its session is in use."""
        session = select(refresh_tokens.c.session_id).where(
            refresh_tokens.c.digest == _digest(refresh_token)
        )
        await self._connection.execute(
            update(sessions)
            .where(sessions.c.id == session.scalar_subquery())
            .values(last_use_time=now)
        )
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


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        client=Client(row.address, row.user_agent),
        create_time=row.create_time,
        last_use_time=row.last_use_time,
        expire_time=row.expire_time,
    )


def _digest(refresh_token: str) -> bytes:
    """Without salt: the token is 256 random bits, which nobody guesses."""
    return sha256(refresh_token.encode()).digest()
