"""The tokens that are sent to somebody."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.roles import bindings_from_json, bindings_to_json
from tally.auth.adapters.tables import one_time_tokens
from tally.auth.domain.one_time_tokens import OneTimeToken, Purpose


class PostgresOneTimeTokens:
    """The `one_time_tokens` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, token: OneTimeToken, text: str) -> None:
        """Keep a token in place of the one before."""
        values = {
            "digest": _digest(text),
            "role_bindings": bindings_to_json(token.role_bindings),
            "expire_time": token.expire_time,
        }
        await self._connection.execute(
            insert(one_time_tokens)
            .values(purpose=token.purpose, email=token.email, **values)
            .on_conflict_do_update(index_elements=["purpose", "email"], set_=values)
        )

    async def find(self, purpose: Purpose, text: str) -> OneTimeToken | None:
        """The token with this text."""
        query = select(one_time_tokens).where(*_is(purpose, text))
        return _token((await self._connection.execute(query)).one_or_none())

    async def sent_to(self, purpose: Purpose, email: str) -> OneTimeToken | None:
        """The token that was sent to this address."""
        query = select(one_time_tokens).where(
            one_time_tokens.c.purpose == purpose, one_time_tokens.c.email == email
        )
        return _token((await self._connection.execute(query)).one_or_none())

    async def take(self, purpose: Purpose, text: str) -> OneTimeToken | None:
        """The token with this text, which is forgotten."""
        statement = delete(one_time_tokens).where(*_is(purpose, text)).returning(one_time_tokens)
        return _token((await self._connection.execute(statement)).one_or_none())

    async def sweep(self, now: datetime) -> None:
        """Forget tokens that have ended."""
        await self._connection.execute(
            delete(one_time_tokens).where(one_time_tokens.c.expire_time <= now)
        )


def _is(purpose: Purpose, text: str) -> tuple[Any, Any]:
    return one_time_tokens.c.digest == _digest(text), one_time_tokens.c.purpose == purpose


def _token(row: Row[Any] | None) -> OneTimeToken | None:
    if row is None:
        return None
    bindings = bindings_from_json(row.role_bindings)
    return OneTimeToken(Purpose(row.purpose), row.email, row.expire_time, bindings)


def _digest(text: str) -> bytes:
    """Without salt: the token is 256 random bits, which nobody guesses."""
    return sha256(text.encode()).digest()
