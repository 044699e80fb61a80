"""Puts the auth server together; nothing else knows all its parts."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import structlog

from tally.api.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from tally.api.auth.v1.jwks_service_pb2_grpc import add_JwksServiceServicer_to_server
from tally.api.auth.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server
from tally.auth.adapters.access_tokens import JwtAccessTokens, key_set
from tally.auth.adapters.passwords import ArgonPasswords
from tally.auth.adapters.signing_keys import key_cipher, make_signing_key
from tally.auth.adapters.unit_of_work import units_of_work
from tally.auth.application.command.change_password import ChangePassword
from tally.auth.application.command.create_user import CreateUser
from tally.auth.application.command.delete_user import DeleteUser
from tally.auth.application.command.ensure_first_admin import EnsureFirstAdmin
from tally.auth.application.command.login import Login
from tally.auth.application.command.logout import Logout
from tally.auth.application.command.logout_everywhere import LogoutEverywhere
from tally.auth.application.command.refresh import Refresh
from tally.auth.application.command.rotate_keys import RotateKeys
from tally.auth.application.command.sweep import Sweep
from tally.auth.application.command.update_user import UpdateUser
from tally.auth.application.key_ring import KeyRing
from tally.auth.application.query.get_user import GetUser
from tally.auth.application.query.list_users import ListUsers
from tally.auth.application.throttle import Throttle
from tally.auth.domain.ports import Begin, Passwords
from tally.auth.entrypoints.auth_servicer import AuthServicer, JwksServicer
from tally.auth.entrypoints.user_servicer import UserServicer
from tally.auth.settings import AuthSettings
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.errors import DomainError
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.grpc.tokens import Jwk, JwksAuthenticator
from tally.kernel.ids import new_id
from tally.kernel.migrations import upgrade
from tally.kernel.process import background

SWEEP_PERIOD_S = 300.0

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def auth_server(
    settings: AuthSettings, *, clock: Clock = utc_now
) -> AsyncIterator[RunningServer]:
    """The auth context: migrated, serving, rotating its keys. It verifies its own tokens, whatever the settings allow.

    Args:
        settings: Where things are.
        clock: Stamps and ends sessions and tokens.
    """
    url = settings.database_url.get_secret_value()
    await upgrade(url, "tally.auth.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        begin = units_of_work(database, key_cipher(settings.secret.get_secret_value()))
        passwords = ArgonPasswords()
        stack.callback(passwords.close)
        key_ring = KeyRing(RotateKeys(begin, clock, make_signing_key), clock)
        await key_ring.refresh()
        create_user = CreateUser(begin, clock, passwords, new_id)
        if settings.first_admin_email:
            await EnsureFirstAdmin(begin, create_user)(
                settings.first_admin_email, settings.first_admin_password.get_secret_value()
            )
        await stack.enter_async_context(
            background(key_ring.run(), _keep_sweeping(Sweep(begin, clock)))
        )
        auth = _auth_servicer(begin, clock, passwords, key_ring)
        users = _user_servicer(begin, clock, create_user)

        def published() -> Sequence[Jwk]:
            return key_set(key_ring.keys)

        async def own_keys() -> Sequence[Jwk]:
            return published()

        def register(server: grpc.aio.Server) -> None:
            add_AuthServiceServicer_to_server(auth, server)
            add_UserServiceServicer_to_server(users, server)
            add_JwksServiceServicer_to_server(JwksServicer(published), server)

        dependencies = {"postgresql": database.ping}
        yield await stack.enter_async_context(
            serve("auth", settings, register, dependencies, JwksAuthenticator(own_keys))
        )


def _auth_servicer(
    begin: Begin, clock: Clock, passwords: Passwords, key_ring: KeyRing
) -> AuthServicer:
    throttle = Throttle(begin, clock)
    tokens = JwtAccessTokens(key_ring, clock)
    return AuthServicer(
        login=Login(begin, clock, throttle, passwords, tokens, new_id, secrets.token_urlsafe),
        refresh=Refresh(begin, clock, tokens, secrets.token_urlsafe),
        logout=Logout(begin),
        logout_everywhere=LogoutEverywhere(begin),
        change_password=ChangePassword(begin, clock, throttle, passwords),
        get_user=GetUser(begin),
    )


def _user_servicer(begin: Begin, clock: Clock, create_user: CreateUser) -> UserServicer:
    return UserServicer(
        create_user=create_user,
        get_user=GetUser(begin),
        list_users=ListUsers(begin),
        update_user=UpdateUser(begin, clock),
        delete_user=DeleteUser(begin),
    )


async def _keep_sweeping(sweep: Sweep) -> None:
    while True:
        try:
            await sweep()
        except DomainError as error:
            _log.warning("not_swept", error=str(error))
        await asyncio.sleep(SWEEP_PERIOD_S)
