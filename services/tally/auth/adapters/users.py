"""The users."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.roles import bindings_from_json, bindings_to_json
from tally.auth.adapters.tables import UNIQUE_EMAIL, users
from tally.auth.domain.access import SUPER_ADMIN
from tally.auth.domain.errors import EmailTaken, UserNotFound
from tally.auth.domain.model import User


class PostgresUsers:
    """The `users` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, user_id: str) -> User:
        """The user with this id."""
        return await self._one(user_id, lock=False)

    async def find(self, email: str) -> User | None:
        """The user with this address."""
        rows = await self._connection.execute(select(users).where(users.c.email == email))
        row = rows.one_or_none()
        return None if row is None else _user(row)

    async def page(self, after: str, limit: int) -> Sequence[User]:
        """Users in order of address."""
        query = select(users).where(users.c.email > after).order_by(users.c.email).limit(limit)
        return [_user(row) for row in await self._connection.execute(query)]

    async def hold(self, user_id: str) -> User:
        """The user with this id, locked."""
        return await self._one(user_id, lock=True)

    async def hold_administrators(self) -> Sequence[str]:
        """Ids of all who administer, locked in the same order by everybody."""
        query = (
            select(users.c.id)
            .where(users.c.role_bindings.contains([{"role_id": SUPER_ADMIN}]), ~users.c.disabled)
            .order_by(users.c.id)
            .with_for_update()
        )
        return list((await self._connection.execute(query)).scalars())

    async def add(self, user: User) -> None:
        """Keep a new user."""
        try:
            await self._connection.execute(insert(users).values(_row(user)))
        except IntegrityError as error:
            if getattr(error.driver_exception, "constraint_name", "") != UNIQUE_EMAIL:
                raise
            raise EmailTaken(user.email) from error

    async def save(self, user: User) -> None:
        """Keep a changed user."""
        await self._connection.execute(
            update(users).where(users.c.id == user.id).values(_row(user))
        )

    async def remove(self, user_id: str) -> None:
        """Forget a user; their sessions go with them."""
        await self._connection.execute(delete(users).where(users.c.id == user_id))

    async def _one(self, user_id: str, *, lock: bool) -> User:
        query = select(users).where(users.c.id == user_id)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise UserNotFound(user_id)
        return _user(row)


def _user(row: Row[Any]) -> User:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return User(**values | {"role_bindings": bindings_from_json(row.role_bindings)})


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "password_hash": user.password_hash,
        "role_bindings": bindings_to_json(user.role_bindings),
        "disabled": user.disabled,
        "password_change_required": user.password_change_required,
        "version": user.version,
        "create_time": user.create_time,
        "update_time": user.update_time,
    }
