"""The history of the auth context's tables makes what its code expects."""

from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, update

from tally.auth.adapters.tables import api_keys, metadata, roles, service_accounts
from tally.auth.domain.access import BUILT_IN
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.migrations import differences, upgrade


async def test_the_migrations_make_the_tables(database_dsn: str) -> None:
    assert await differences(database_dsn, metadata)
    for _ in range(2):
        await upgrade(database_dsn, "tally.auth.migrations")
        assert await differences(database_dsn, metadata) == []


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    await upgrade(database_dsn, "tally.auth.migrations")
    database = Database(database_dsn)
    yield database
    await database.close()


def give_workers_their_permission(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module("tally.auth.migrations.versions.0008_worker_permission").upgrade()


async def test_the_built_in_roles_permit_what_the_code_says(database: Database) -> None:
    async with database.begin() as connection:
        held = await connection.execute(select(roles.c.id, roles.c.permissions))
        assert {role: frozenset(permissions) for role, permissions in held} == {
            role: permissions for role, (_, permissions) in BUILT_IN.items()
        }


async def test_whoever_could_act_as_a_worker_still_can(database: Database) -> None:
    now = utc_now()
    account = new_id()
    times = {"create_time": now, "update_time": now}
    before = {
        "edge": ["analytics:write", "camera:read"],
        "night-shift": ["camera:read"],
    }
    keys = {"worker": ["analytics:write"], "report": ["analytics:read"], "everything": []}
    async with database.begin() as connection:
        for role, permissions in before.items():
            await connection.execute(
                insert(roles).values(
                    id=role, display_name=role, permissions=permissions, built_in=False,
                    version=1, **times,
                )
            )  # fmt: skip
        await connection.execute(
            insert(service_accounts).values(
                id=account, name="edge", role_bindings=[{"role_id": "edge", "site_ids": []}],
                disabled=False, version=1, **times,
            )
        )  # fmt: skip
        for name, scopes in keys.items():
            await connection.execute(
                insert(api_keys).values(
                    id=new_id(), service_account_id=account, digest=name.encode(), prefix="tally_",
                    name=name, scopes=scopes, create_time=now,
                )
            )  # fmt: skip
        await connection.execute(
            update(roles).where(roles.c.id == "operator").values(permissions=["analytics:read"])
        )
        await connection.run_sync(give_workers_their_permission)
        kept = await connection.execute(select(roles.c.id, roles.c.permissions, roles.c.version))
        after = {role: (set(permissions), version) for role, permissions, version in kept}
        scoped = await connection.execute(select(api_keys.c.name, api_keys.c.scopes))
        assert {name: set(scopes) for name, scopes in scoped} == {
            "worker": {"analytics:write", "worker:run"},
            "report": {"analytics:read"},
            "everything": set(),
        }
    assert after["edge"] == ({"analytics:write", "camera:read", "worker:run"}, 2)
    assert after["night-shift"] == ({"camera:read"}, 1)
    assert after["operator"][0] == BUILT_IN["operator"][1]
