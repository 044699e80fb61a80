"""The roles, and how bindings of them are kept."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import one_time_tokens, roles, service_accounts, users
from tally.auth.domain.access import Grants, Role, RoleBinding
from tally.auth.domain.errors import RoleIdTaken, RoleNotFound


class PostgresRoles:
    """The `roles` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, role_id: str) -> Role:
        """The role with this id."""
        return await self._one(role_id, lock=False)

    async def page(self, after: str, limit: int) -> Sequence[Role]:
        """Roles in order of id."""
        query = select(roles).where(roles.c.id > after).order_by(roles.c.id).limit(limit)
        return [_role(row) for row in await self._connection.execute(query)]

    async def hold(self, role_id: str) -> Role:
        """The role with this id, locked."""
        return await self._one(role_id, lock=True)

    async def grants(self, bindings: Iterable[RoleBinding]) -> Grants:
        """What the bindings permit; their roles can be read by others meanwhile, not changed."""
        wanted = list(bindings)
        query = (
            select(roles.c.id, roles.c.permissions)
            .where(roles.c.id.in_({binding.role_id for binding in wanted}))
            .order_by(roles.c.id)
            .with_for_update(read=True)
        )
        found = {
            row.id: frozenset(row.permissions) for row in await self._connection.execute(query)
        }
        for binding in wanted:
            if binding.role_id not in found:
                raise RoleNotFound(binding.role_id)
        return Grants.of(wanted, found)

    async def held(self, role_id: str) -> bool:
        """Whether anybody holds the role, or was invited to."""
        binding = [{"role_id": role_id}]
        query = select(
            or_(
                select(users.c.id).where(users.c.role_bindings.contains(binding)).exists(),
                select(service_accounts.c.id)
                .where(service_accounts.c.role_bindings.contains(binding))
                .exists(),
                select(one_time_tokens.c.digest)
                .where(one_time_tokens.c.role_bindings.contains(binding))
                .exists(),
            )
        )
        return bool((await self._connection.execute(query)).scalar_one())

    async def add(self, role: Role) -> None:
        """Keep a new role."""
        try:
            await self._connection.execute(insert(roles).values(_row(role)))
        except IntegrityError as error:
            raise RoleIdTaken(role.id) from error

    async def save(self, role: Role) -> None:
        """Keep a changed role."""
        await self._connection.execute(
            update(roles).where(roles.c.id == role.id).values(_row(role))
        )

    async def remove(self, role_id: str) -> None:
        """Forget a role."""
        await self._connection.execute(delete(roles).where(roles.c.id == role_id))

    async def _one(self, role_id: str, *, lock: bool) -> Role:
        query = select(roles).where(roles.c.id == role_id)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            raise RoleNotFound(role_id)
        return _role(row)


def bindings_to_json(bindings: Iterable[RoleBinding]) -> list[dict[str, Any]]:
    """Bindings as they are kept."""
    return [
        {"role_id": binding.role_id, "site_ids": list(binding.site_ids)}
        for binding in sorted(bindings)
    ]


def bindings_from_json(kept: Iterable[dict[str, Any]]) -> frozenset[RoleBinding]:
    """Kept bindings."""
    return frozenset(RoleBinding(each["role_id"], tuple(each["site_ids"])) for each in kept)


def _role(row: Row[Any]) -> Role:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Role(**values | {"permissions": frozenset(row.permissions)})


def _row(role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "display_name": role.display_name,
        "permissions": sorted(role.permissions),
        "built_in": role.built_in,
        "version": role.version,
        "create_time": role.create_time,
        "update_time": role.update_time,
    }
