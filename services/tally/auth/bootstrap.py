"""Puts the auth server together; with `composition`, nothing else knows all its parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog
from argon2 import PasswordHasher

from tally.auth.adapters.passwords import ArgonPasswords
from tally.auth.adapters.signing_keys import key_cipher, make_signing_key
from tally.auth.adapters.tables import outbox
from tally.auth.adapters.unit_of_work import units_of_work
from tally.auth.application.command.create_user import CreateUser
from tally.auth.application.command.ensure_first_admin import EnsureFirstAdmin
from tally.auth.application.command.ensure_keys import DeploymentKey, EnsureKeys
from tally.auth.application.command.record_calls import RecordCalls
from tally.auth.application.command.rotate_keys import RotateKeys
from tally.auth.application.command.sweep import Sweep
from tally.auth.application.key_ring import KeyRing
from tally.auth.composition import Ports, register
from tally.auth.entrypoints.audit_records import OwnTrail, audit_consumer
from tally.auth.settings import AuthSettings
from tally.kernel.bus import Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.grpc.tokens import Jwk, JwksAuthenticator
from tally.kernel.ids import new_id
from tally.kernel.migrations import ensure_tables
from tally.kernel.outbox import OutboxRelay
from tally.kernel.process import background, repeatedly

SWEEP_PERIOD_S = 300.0

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def auth_server(
    settings: AuthSettings, *, clock: Clock = utc_now, hasher: PasswordHasher | None = None
) -> AsyncIterator[RunningServer]:
    """The auth context: migrated, serving, rotating its keys. It verifies its own tokens, whatever the settings allow.

    Args:
        settings: Where things are.
        clock: Stamps and ends sessions and tokens.
        hasher: Hashes passwords; by default as slowly as attackers deserve.
    """
    url = settings.database_url.get_secret_value()
    await ensure_tables(url, "tally.auth.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        begin = units_of_work(database, key_cipher(settings.secret.get_secret_value()))
        passwords = ArgonPasswords(hasher)
        stack.callback(passwords.close)
        ports = Ports(
            begin,
            clock,
            passwords,
            KeyRing(RotateKeys(begin, clock, make_signing_key), clock),
            settings.registration,
        )
        await ports.key_ring.refresh()
        await _ensure_first_callers(settings, ports)
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="auth")
        )
        record_calls = RecordCalls(begin)
        relay = OutboxRelay(database, outbox, bus)
        await stack.enter_async_context(
            background(
                ports.key_ring.run(),
                repeatedly(Sweep(begin, clock), SWEEP_PERIOD_S),
                relay.run(),
                audit_consumer(bus, record_calls).run(),
            )
        )

        async def own_keys() -> Sequence[Jwk]:
            return ports.published_keys()

        dependencies = {"postgresql": database.ping, "nats": bus.ping}
        yield await stack.enter_async_context(
            serve(
                "auth",
                settings,
                partial(register, ports=ports),
                dependencies,
                JwksAuthenticator(own_keys),
                OwnTrail(record_calls),
            )
        )


async def _ensure_first_callers(settings: AuthSettings, ports: Ports) -> None:
    """Somebody must be able to call before anybody can be let in: the first admin, and the deployment's programs."""
    if settings.first_admin_email:
        create_user = CreateUser(ports.begin, ports.clock, ports.passwords, new_id)
        await EnsureFirstAdmin(ports.begin, create_user)(
            settings.first_admin_email, settings.first_admin_password.get_secret_value()
        )
    keys = [
        DeploymentKey(key.account, key.role, key.scopes, key.key.get_secret_value())
        for key in settings.keys
    ]
    await EnsureKeys(ports.begin, ports.clock, new_id)(keys)
