"""Getting access tokens with keys: those that people create, and those that a deployment brings along."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from hashlib import sha256

import grpc
import pytest
from sqlalchemy import select

from tally.api.auth.v1 import auth_service_pb2, role_pb2
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from tally.api.auth.v1.service_account_pb2 import ServiceAccount
from tally.auth.adapters.tables import api_keys
from tally.auth.application.throttle import PER_ADDRESS
from tally.auth.bootstrap import auth_server
from tally.auth.domain.service_accounts import key_text
from tally.auth.settings import AuthSettings, KeySettings
from tally.kernel.database import Database
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tests.component.auth.calls import Caller, everywhere, outcome, refused
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD, MovableClock
from tests.component.auth.programs import Accounts, calling_with, exchange
from tests.passwords import GIVEN, choose_password

SITE = "0190d2c5-8a7e-7c3e-9d41-3f6a2b1c0d9e"
OTHER_SITE = "0190d2c5-8a7e-7c3e-9d41-3f6a2b1c0d9f"
SEVERAL = ("camera:read", "analytics:read", "user:write")


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


@pytest.fixture
async def accounts(root: Caller, server: RunningServer) -> AsyncIterator[Accounts]:
    async with calling_with(server.address, root.tokens.access_token) as channel:
        yield Accounts(channel)


async def whoami(address: str, key: str) -> auth_service_pb2.WhoamiResponse:
    """Who calls with a key."""
    async with connect(address) as channel:
        token = await exchange(channel, key)
    async with calling_with(address, token) as channel:
        return await AuthServiceStub(channel).Whoami(auth_service_pb2.WhoamiRequest())


@pytest.mark.parametrize(
    ("role", "scopes", "permitted"),
    [
        ("viewer", (), ["analytics:read", "camera:read"]),
        ("viewer", ("camera:read",), ["camera:read"]),
        ("viewer", ("camera:read", "user:write"), ["camera:read"]),
        ("viewer", ("user:write",), []),
        ("super-admin", ("camera:read",), ["camera:read"]),
    ],
)
async def test_a_token_permits_what_both_the_role_and_the_scopes_do(
    accounts: Accounts,
    server: RunningServer,
    role: str,
    scopes: Sequence[str],
    permitted: list[str],
) -> None:
    account = await accounts.create("report", role)
    me = await whoami(server.address, (await accounts.create_key(account.id, *scopes)).secret)
    assert me.service_account == account
    assert list(me.permissions) == permitted
    assert list(me.site_permissions) == []


@pytest.mark.parametrize("scopes", [(), SEVERAL])
async def test_scopes_limit_what_is_held_at_sites(
    accounts: Accounts, server: RunningServer, scopes: Sequence[str]
) -> None:
    bindings = (
        role_pb2.RoleBinding(role_id="guest"),
        role_pb2.RoleBinding(role_id="operator", site_ids=[SITE, OTHER_SITE]),
    )
    account = await accounts.create("report", bindings=bindings)
    me = await whoami(server.address, (await accounts.create_key(account.id, *scopes)).secret)
    at_sites = ["camera:read"] if scopes else ["analytics:write", "camera:read", "camera:write"]
    assert list(me.permissions) == ["analytics:read"]
    assert list(me.site_permissions) == [
        auth_service_pb2.SitePermissions(site_id=site, permissions=at_sites)
        for site in (SITE, OTHER_SITE)
    ]


async def test_the_next_token_permits_what_the_account_may_do_by_then(
    accounts: Accounts, server: RunningServer
) -> None:
    account = await accounts.create("report", "operator")
    key = (await accounts.create_key(account.id)).secret
    changed = ServiceAccount(id=account.id, role_bindings=everywhere("guest"))
    await accounts.update(changed, "role_bindings")
    assert list((await whoami(server.address, key)).permissions) == ["analytics:read"]


async def test_programs_are_no_users(accounts: Accounts, server: RunningServer) -> None:
    account = await accounts.create("report", "admin")
    key = (await accounts.create_key(account.id)).secret
    async with connect(server.address) as channel:
        token = await exchange(channel, key)
    async with calling_with(server.address, token) as channel:
        everywhere_else = AuthServiceStub(channel).LogoutEverywhere(
            auth_service_pb2.LogoutEverywhereRequest()
        )
        assert await outcome(everywhere_else) is grpc.StatusCode.PERMISSION_DENIED


async def test_keys_that_do_not_hold_are_answered_alike(
    accounts: Accounts, channel: grpc.aio.Channel, clock: MovableClock
) -> None:
    account, gone = await accounts.create("report", "viewer"), await accounts.create("gone")
    ending, revoked = (
        await accounts.create_key(account.id, lifetime_s=60),
        await accounts.create_key(account.id),
    )
    orphan = await accounts.create_key(gone.id)
    await accounts.revoke(account.id, revoked.api_key.id)
    await accounts.delete(gone.id)
    await exchange(channel, ending.secret)
    clock.ahead += timedelta(minutes=1)
    sound = await accounts.create_key(account.id)
    await exchange(channel, sound.secret)
    changed = await accounts.update(ServiceAccount(id=account.id, disabled=True), "disabled")
    answers = set()
    for key in ("guess", ending.secret, revoked.secret, orphan.secret, sound.secret):
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await exchange(channel, key)
        answers.add((failure.value.code(), failure.value.details()))
        async with refused("API_KEY_INVALID"):
            await exchange(channel, key)
    assert len(answers) == 1
    changed.disabled = False
    await accounts.update(changed, "disabled")
    await exchange(channel, sound.secret)


async def test_the_last_use_is_kept_to_within_a_minute(
    accounts: Accounts, channel: grpc.aio.Channel, clock: MovableClock
) -> None:
    account = await accounts.create("report", "viewer")
    key = await accounts.create_key(account.id)

    async def last_use() -> float:
        (kept,) = await accounts.keys(account.id)
        return kept.last_use_time.ToMicroseconds() / 1e6

    assert await last_use() == 0
    await exchange(channel, key.secret)
    first = await last_use()
    assert first == pytest.approx(clock().timestamp(), abs=20)
    clock.ahead += timedelta(seconds=30)
    await exchange(channel, key.secret)
    assert await last_use() == first
    clock.ahead += timedelta(seconds=30)
    await exchange(channel, key.secret)
    assert await last_use() > first


async def test_guessing_is_held_back_and_keeps_nobody_from_logging_in(
    accounts: Accounts, channel: grpc.aio.Channel
) -> None:
    account = await accounts.create("report", "viewer")
    key = await accounts.create_key(account.id)
    guesses = await asyncio.gather(
        *(outcome(exchange(channel, f"guess {each}")) for each in range(PER_ADDRESS + 3))
    )
    assert guesses.count(grpc.StatusCode.UNAUTHENTICATED) == PER_ADDRESS
    assert guesses.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 3
    await exchange(channel, key.secret)
    await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


async def test_keys_are_kept_as_digests(accounts: Accounts, settings: AuthSettings) -> None:
    account = await accounts.create("report", "viewer")
    key = await accounts.create_key(account.id)
    database = Database(settings.database_url.get_secret_value())
    try:
        async with database.begin() as connection:
            (row,) = await connection.execute(select(api_keys))
    finally:
        await database.close()
    assert row.digest == sha256(key.secret.encode()).digest()
    assert key.secret.removeprefix(key.api_key.prefix) not in str(row)


def worker_key(text: str, *scopes: str, account: str = "worker") -> KeySettings:
    return KeySettings.model_validate(
        {"account": account, "role": "admin", "scopes": scopes, "key": text}
    )


async def test_a_deployment_brings_its_programs_keys(settings: AuthSettings) -> None:
    first, second = key_text("a" * 40), key_text("b" * 40)

    def bringing(*keys: KeySettings) -> AuthSettings:
        return settings.model_copy(update={"keys": keys, "listen": "127.0.0.1:0"})

    async with (
        auth_server(bringing(worker_key(first, "worker:run"))) as server,
        auth_server(bringing(worker_key(first, "worker:run"))) as twin,
    ):
        me = await whoami(server.address, first)
        assert me.service_account.name == "worker"
        assert list(me.permissions) == ["worker:run"]
        assert await whoami(twin.address, first) == me

    async with auth_server(bringing(worker_key(second, "camera:read"))) as server:
        assert (await whoami(server.address, second)).service_account == me.service_account
        async with refused("API_KEY_INVALID"):
            await whoami(server.address, first)

    async with auth_server(bringing(worker_key(second, "worker:run"))) as server:
        assert list((await whoami(server.address, second)).permissions) == ["worker:run"]


async def test_keys_that_people_made_outlive_those_of_the_deployment(
    settings: AuthSettings,
) -> None:
    brought = key_text("a" * 40)
    bringing = settings.model_copy(update={"keys": (worker_key(brought, "camera:read"),)})
    async with auth_server(bringing) as server, connect(server.address) as channel:
        await choose_password(channel, ADMIN_EMAIL, GIVEN, ADMIN_PASSWORD)
        root = await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)
        account_id = (await whoami(server.address, brought)).service_account.id
        async with calling_with(server.address, root.tokens.access_token) as managing:
            made = await Accounts(managing).create_key(account_id)
    replacing = settings.model_copy(
        update={"keys": (worker_key(key_text("b" * 40), "camera:read"),)}
    )
    async with auth_server(replacing) as server:
        await whoami(server.address, made.secret)


async def test_a_key_belongs_to_the_account_that_it_was_brought_for_last(
    settings: AuthSettings,
) -> None:
    text = key_text("a" * 40)
    for account in ("worker", "report"):
        key = worker_key(text, "camera:read", account=account)
        async with auth_server(settings.model_copy(update={"keys": (key,)})) as server:
            assert (await whoami(server.address, text)).service_account.name == account


async def test_servers_that_start_at_once_make_one_account_and_one_key(
    settings: AuthSettings, root: Caller, accounts: Accounts
) -> None:
    text = key_text("a" * 40)
    bringing = settings.model_copy(update={"keys": (worker_key(text, "camera:read"),)})
    async with AsyncExitStack() as stack:
        servers = await asyncio.gather(
            *(stack.enter_async_context(auth_server(bringing)) for _ in range(3))
        )
        for server in servers:
            assert (await whoami(server.address, text)).service_account.name == "worker"
    (account,) = (await accounts.page(10)).service_accounts
    assert len(await accounts.keys(account.id)) == 1
