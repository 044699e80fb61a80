"""The service accounts and their keys."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.roles import bindings_from_json, bindings_to_json
from tally.auth.adapters.tables import UNIQUE_ACCOUNT_NAME, api_keys, service_accounts
from tally.auth.domain.errors import ServiceAccountNameTaken, ServiceAccountNotFound
from tally.auth.domain.service_accounts import ApiKey, ServiceAccount


class PostgresServiceAccounts:
    """The `service_accounts` and `api_keys` tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, account_id: str) -> ServiceAccount:
        """The account with this id."""
        return await self._one(account_id, lock=False)

    async def find(self, name: str) -> ServiceAccount | None:
        """The account with this name."""
        query = select(service_accounts).where(service_accounts.c.name == name)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _account(row)

    async def page(self, after: str, limit: int) -> Sequence[ServiceAccount]:
        """Accounts in order of name."""
        name = service_accounts.c.name
        query = select(service_accounts).where(name > after).order_by(name).limit(limit)
        return [_account(row) for row in await self._connection.execute(query)]

    async def hold(self, account_id: str) -> ServiceAccount:
        """The account with this id, locked."""
        return await self._one(account_id, lock=True)

    async def add(self, account: ServiceAccount) -> None:
        """Keep a new account."""
        await self._write(insert(service_accounts).values(_row(account)), account.name)

    async def save(self, account: ServiceAccount) -> None:
        """Keep a changed account."""
        statement = update(service_accounts).where(service_accounts.c.id == account.id)
        await self._write(statement.values(_row(account)), account.name)

    async def remove(self, account_id: str) -> None:
        """Forget an account; its keys go with it."""
        await self._connection.execute(
            delete(service_accounts).where(service_accounts.c.id == account_id)
        )

    async def keys(self, account_id: str) -> Sequence[ApiKey]:
        """The keys of an account, newest first."""
        query = (
            select(api_keys)
            .where(api_keys.c.service_account_id == account_id)
            .order_by(api_keys.c.create_time.desc(), api_keys.c.id)
        )
        return [_key(row) for row in await self._connection.execute(query)]

    async def add_key(self, key: ApiKey, text: str) -> None:
        """Keep the key as a digest."""
        await self._connection.execute(
            insert(api_keys).values(
                id=key.id,
                service_account_id=key.service_account_id,
                digest=_digest(text),
                prefix=key.prefix,
                name=key.name,
                scopes=sorted(key.scopes),
                expire_time=key.expire_time,
                create_time=key.create_time,
                last_use_time=key.last_use_time,
            )
        )

    async def find_key(self, text: str) -> ApiKey | None:
        """The key with this text."""
        query = select(api_keys).where(api_keys.c.digest == _digest(text))
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _key(row)

    async def note_use(self, key_id: str, now: datetime) -> None:
        """Keep when a key was last used."""
        await self._connection.execute(
            update(api_keys).where(api_keys.c.id == key_id).values(last_use_time=now)
        )

    async def remove_key(self, account_id: str, key_id: str) -> None:
        """Forget a key."""
        await self._connection.execute(
            delete(api_keys).where(
                api_keys.c.id == key_id, api_keys.c.service_account_id == account_id
            )
        )

    async def _write(self, statement: Any, name: str) -> None:
        try:
            await self._connection.execute(statement)
        except IntegrityError as error:
            if getattr(error.driver_exception, "constraint_name", "") != UNIQUE_ACCOUNT_NAME:
                raise
            raise ServiceAccountNameTaken(name) from error

    async def _one(self, account_id: str, *, lock: bool) -> ServiceAccount:
        query = select(service_accounts).where(service_accounts.c.id == account_id)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise ServiceAccountNotFound(account_id)
        return _account(row)


def _account(row: Row[Any]) -> ServiceAccount:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return ServiceAccount(**values | {"role_bindings": bindings_from_json(row.role_bindings)})


def _row(account: ServiceAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "role_bindings": bindings_to_json(account.role_bindings),
        "disabled": account.disabled,
        "version": account.version,
        "create_time": account.create_time,
        "update_time": account.update_time,
    }


def _key(row: Row[Any]) -> ApiKey:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["digest"]
    return ApiKey(**values | {"scopes": frozenset(row.scopes)})


def _digest(text: str) -> bytes:
    """Without salt: the key holds random bits enough that nobody guesses it."""
    return sha256(text.encode()).digest()
