"""Managing programs' accounts and keys, within one's own permissions."""

from collections.abc import AsyncIterator

import grpc
import pytest

from tally.api.auth.v1.service_account_pb2 import ServiceAccount
from tally.kernel.grpc.server import RunningServer
from tests.component.auth.calls import PASSWORD, Caller, everywhere, outcome, refused
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD
from tests.component.auth.programs import Accounts, calling_with

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


@pytest.fixture
async def accounts(root: Caller, server: RunningServer) -> AsyncIterator[Accounts]:
    async with calling_with(server.address, root.tokens.access_token) as channel:
        yield Accounts(channel)


@pytest.fixture
async def accounts_of_an_admin(
    root: Caller, channel: grpc.aio.Channel, server: RunningServer
) -> AsyncIterator[Accounts]:
    await root.create("ana@example.org", "admin")
    ana = await Caller(channel).login("ana@example.org", PASSWORD)
    async with calling_with(server.address, ana.tokens.access_token) as hers:
        yield Accounts(hers)


async def test_an_account_is_created_read_and_deleted(accounts: Accounts) -> None:
    made = await accounts.create("report", "viewer")
    assert list(made.role_bindings) == everywhere("viewer")
    assert await accounts.get(made.id) == made
    async with refused("SERVICE_ACCOUNT_NAME_TAKEN"):
        await accounts.create("report")
    async with refused("ROLE_NOT_FOUND"):
        await accounts.create("other", "nobodys-role")
    await accounts.delete(made.id, made.etag)
    async with refused("SERVICE_ACCOUNT_NOT_FOUND"):
        await accounts.get(made.id)


async def test_a_repeated_request_creates_one_account(accounts: Accounts) -> None:
    made = await accounts.create("report", "viewer", request_id=NOBODY)
    assert await accounts.create("report", "viewer", request_id=NOBODY) == made
    async with refused("REQUEST_ID_REUSED"):
        await accounts.create("report", "operator", request_id=NOBODY)
    assert [each.id for each in (await accounts.page(10)).service_accounts] == [made.id]
    await accounts.delete(made.id)
    async with refused("SERVICE_ACCOUNT_NOT_FOUND"):
        await accounts.create("report", "viewer", request_id=NOBODY)


@pytest.mark.parametrize(("name", "role"), [("re\0port", "viewer"), ("report", "view\0er")])
async def test_texts_that_cannot_be_kept_are_refused(
    accounts: Accounts, name: str, role: str
) -> None:
    assert await outcome(accounts.create(name, role)) is grpc.StatusCode.INVALID_ARGUMENT


async def test_pages_show_every_account_once(accounts: Accounts) -> None:
    for name in ("c", "a", "b"):
        await accounts.create(name)
    first = await accounts.page(2)
    second = await accounts.page(2, first.next_page_token)
    assert [each.name for each in first.service_accounts] == ["a", "b"]
    assert [each.name for each in second.service_accounts] == ["c"]
    assert not second.next_page_token
    async with refused("PAGE_TOKEN_INVALID"):
        await accounts.page(2, "nonsense")


async def test_only_masked_fields_change_and_etags_guard_them(accounts: Accounts) -> None:
    made = await accounts.create("report", "viewer")
    await accounts.create("taken")
    wanted = ServiceAccount(id=made.id, name="daily report", disabled=True, etag=made.etag)
    changed = await accounts.update(wanted, "name")
    assert (changed.name, changed.disabled) == ("daily report", False)
    assert changed.role_bindings == made.role_bindings
    async with refused("ETAG_MISMATCH"):
        await accounts.update(wanted, "name")
    async with refused("ETAG_MISMATCH"):
        await accounts.delete(made.id, made.etag)
    async with refused("SERVICE_ACCOUNT_NAME_TAKEN"):
        await accounts.update(ServiceAccount(id=made.id, name="taken"), "name")
    assert await accounts.get(made.id) == changed


async def test_keys_are_listed_without_their_secret(accounts: Accounts) -> None:
    account = await accounts.create("report", "viewer")
    first = await accounts.create_key(account.id, "camera:read", lifetime_s=3600)
    second = await accounts.create_key(account.id)
    assert first.secret.startswith(first.api_key.prefix)
    assert len(first.secret) - len(first.api_key.prefix) > 32
    assert await accounts.keys(account.id) == [second.api_key, first.api_key]
    assert first.api_key.scopes == ["camera:read"]
    lifetime = first.api_key.expire_time.seconds - first.api_key.create_time.seconds
    assert 3590 <= lifetime <= 3600
    assert not second.api_key.HasField("expire_time")
    for _ in range(2):  # revoking twice is as good as once
        await accounts.revoke(account.id, second.api_key.id)
    assert await accounts.keys(account.id) == [first.api_key]


async def test_a_key_is_revoked_in_its_own_account_alone(accounts: Accounts) -> None:
    account, other = await accounts.create("report"), await accounts.create("other")
    key = (await accounts.create_key(account.id)).api_key
    await accounts.revoke(other.id, key.id)
    assert await accounts.keys(account.id) == [key]


async def test_what_is_no_account_has_no_keys(accounts: Accounts) -> None:
    for call in (
        accounts.create_key(NOBODY), accounts.keys(NOBODY), accounts.revoke(NOBODY, NOBODY)
    ):  # fmt: skip
        async with refused("SERVICE_ACCOUNT_NOT_FOUND"):
            await call


async def test_scopes_are_permissions(accounts: Accounts) -> None:
    account = await accounts.create("report", "viewer")
    unknown = accounts.create_key(account.id, "camera:paint")
    assert await outcome(unknown) is grpc.StatusCode.INVALID_ARGUMENT
    assert await accounts.keys(account.id) == []


async def test_nobody_makes_or_touches_accounts_that_may_do_more(
    accounts: Accounts, accounts_of_an_admin: Accounts
) -> None:
    limited = accounts_of_an_admin
    mine, above = (
        await limited.create("mine", "admin"),
        await accounts.create("above", "super-admin"),
    )
    key = (await accounts.create_key(above.id, "camera:read")).api_key
    raised = ServiceAccount(id=mine.id, role_bindings=everywhere("super-admin"))
    for call in (
        limited.create("more", "super-admin"),
        limited.update(raised, "role_bindings"),
        limited.update(ServiceAccount(id=above.id, disabled=True), "disabled"),
        limited.create_key(above.id),
        limited.create_key(above.id, "camera:read"),
        limited.revoke(above.id, key.id),
        limited.delete(above.id),
    ):
        async with refused("BEYOND_OWN_PERMISSIONS"):
            await call
    assert await accounts.get(mine.id) == mine
    assert await accounts.get(above.id) == above
    assert await accounts.keys(above.id) == [key]
