"""Logging in, staying logged in, and being thrown out."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import grpc
import pytest
from sqlalchemy import select

from tally.api.auth.v1 import jwks_service_pb2
from tally.api.auth.v1.jwks_service_pb2_grpc import JwksServiceStub
from tally.auth.adapters.tables import refresh_tokens, signing_keys, users
from tally.auth.application.throttle import PER_ACCOUNT
from tally.auth.bootstrap import auth_server
from tally.auth.settings import AuthSettings
from tally.kernel.database import Database
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import RunningServer
from tests.component.auth.calls import Caller, outcome, refused, roles
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD, MovableClock
from tests.passwords import GIVEN, QUICK


@pytest.fixture
async def admin(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


async def test_the_first_admin_may_do_everything(admin: Caller) -> None:
    me = await admin.whoami()
    assert me.user.email == ADMIN_EMAIL
    assert roles(me.user) == ["super-admin"]
    assert "system:admin" in me.permissions


async def test_addresses_are_compared_without_case(channel: grpc.aio.Channel) -> None:
    await Caller(channel).login(ADMIN_EMAIL.upper(), ADMIN_PASSWORD)


@pytest.mark.parametrize("email", [ADMIN_EMAIL, "nobody@example.org"])
async def test_wrong_passwords_and_unknown_users_are_answered_alike(
    channel: grpc.aio.Channel, email: str
) -> None:
    async with refused("CREDENTIALS_WRONG"):
        await Caller(channel).login(email, "something else")


@pytest.mark.parametrize("email", [ADMIN_EMAIL, "nobody@example.org"])
async def test_who_guesses_is_held_back_until_the_span_is_over(
    channel: grpc.aio.Channel, clock: MovableClock, email: str
) -> None:
    async def guess() -> grpc.StatusCode:
        return await outcome(Caller(channel).login(email, "something else"))

    guesses = await asyncio.gather(*(guess() for _ in range(PER_ACCOUNT + 5)))
    assert guesses.count(grpc.StatusCode.UNAUTHENTICATED) == PER_ACCOUNT
    assert guesses.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 5
    async with refused("TOO_MANY_ATTEMPTS"):
        await Caller(channel).login(email, ADMIN_PASSWORD)
    clock.ahead += timedelta(minutes=16)
    assert await guess() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_refresh_token_counts_once(admin: Caller, clock: MovableClock) -> None:
    first = admin.tokens.refresh_token
    second = (await admin.refresh(first)).refresh_token
    clock.ahead += timedelta(minutes=1)
    third = (await admin.refresh(second)).refresh_token
    async with refused("REFRESH_TOKEN_INVALID"):
        await admin.refresh(first)
    async with refused("REFRESH_TOKEN_INVALID"):  # the theft has ended the whole session
        await admin.refresh(third)


async def test_refreshes_at_the_same_moment_all_succeed(admin: Caller) -> None:
    token = admin.tokens.refresh_token
    results = await asyncio.gather(*(admin.refresh(token) for _ in range(4)))
    assert len({each.refresh_token for each in results}) == 4
    for each in results:
        await admin.refresh(each.refresh_token)


async def test_a_session_ends_after_thirty_days(admin: Caller, clock: MovableClock) -> None:
    clock.ahead += timedelta(days=30)
    async with refused("REFRESH_TOKEN_INVALID"):
        await admin.refresh(admin.tokens.refresh_token)


async def test_logging_out_ends_one_session_and_everywhere_all(
    admin: Caller, channel: grpc.aio.Channel
) -> None:
    others = [await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD) for _ in range(2)]
    for _ in range(2):
        await others[0].logout()
    async with refused("REFRESH_TOKEN_INVALID"):
        await admin.refresh(others[0].tokens.refresh_token)
    await admin.refresh(others[1].tokens.refresh_token)
    await admin.logout_everywhere()
    async with refused("REFRESH_TOKEN_INVALID"):
        await admin.refresh(admin.tokens.refresh_token)


async def test_a_changed_password_ends_all_sessions(
    admin: Caller, channel: grpc.aio.Channel
) -> None:
    async with refused("CREDENTIALS_WRONG"):
        await admin.change_password("something else", "four amber kettles")
    async with refused("PASSWORD_TOO_COMMON"):
        await admin.change_password(ADMIN_PASSWORD, "password1234")
    await admin.change_password(ADMIN_PASSWORD, "four amber kettles")
    async with refused("REFRESH_TOKEN_INVALID"):
        await admin.refresh(admin.tokens.refresh_token)
    async with refused("CREDENTIALS_WRONG"):
        await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)
    await Caller(channel).login(ADMIN_EMAIL, "four amber kettles")


async def test_who_did_not_choose_their_password_may_only_change_it(
    admin: Caller, channel: grpc.aio.Channel
) -> None:
    user = await admin.create_given("ana@example.org", "admin")
    assert user.password_change_required
    ana = await Caller(channel).login(user.email, GIVEN)
    ana.tokens = await ana.refresh(ana.tokens.refresh_token)
    me = await ana.whoami()
    assert me.user.password_change_required
    assert not me.permissions
    async with refused("PASSWORD_CHANGE_REQUIRED"):
        await ana.get(user.id)
    await ana.change_password(GIVEN, "four amber kettles")
    await ana.login(user.email, "four amber kettles")
    assert not (await ana.get(user.id)).password_change_required


async def test_a_login_renews_a_hash_with_weaker_parameters(settings: AuthSettings) -> None:
    database = Database(settings.database_url.get_secret_value())
    try:
        async with auth_server(settings, hasher=QUICK):
            pass
        async with auth_server(settings) as server, connect(server.address) as channel:
            await Caller(channel).login(ADMIN_EMAIL, GIVEN)
            async with database.begin() as connection:
                renewed = (await connection.execute(select(users.c.password_hash))).scalar_one()
            await Caller(channel).login(ADMIN_EMAIL, GIVEN)
    finally:
        await database.close()
    assert "m=19456,t=2,p=1" in renewed


async def test_secrets_are_kept_as_digests_and_ciphers(
    channel: grpc.aio.Channel, server: RunningServer, settings: AuthSettings
) -> None:
    tokens = (await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)).tokens
    database = Database(settings.database_url.get_secret_value())
    try:
        async with database.begin() as connection:
            digests = list((await connection.execute(select(refresh_tokens.c.digest))).scalars())
            keys = await connection.execute(select(signing_keys.c.encrypted_private_key))
            encrypted = keys.scalar_one()
    finally:
        await database.close()
    assert digests == [sha256(tokens.refresh_token.encode()).digest()]
    assert b"PRIVATE KEY" not in encrypted


async def test_keys_outlive_the_server(
    admin: Caller, settings: AuthSettings, channel: grpc.aio.Channel, server: RunningServer
) -> None:
    ask = jwks_service_pb2.GetJwksRequest()
    keys = (await JwksServiceStub(channel).GetJwks(ask)).keys
    assert [(key.kty, key.crv, key.alg, key.use) for key in keys] == [
        ("EC", "P-256", "ES256", "sig")
    ]
    async with (
        auth_server(settings) as second,
        grpc.aio.insecure_channel(second.address) as other,
    ):
        assert (await JwksServiceStub(other).GetJwks(ask)).keys == keys
        elsewhere = Caller(other)
        elsewhere.tokens = admin.tokens
        await elsewhere.whoami()
