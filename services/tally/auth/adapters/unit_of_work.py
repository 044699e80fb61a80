"""Units of work as transactions of PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.attempts import PostgresAttempts
from tally.auth.adapters.audit_log import PostgresAuditLog
from tally.auth.adapters.events import OutboxEvents
from tally.auth.adapters.one_time_tokens import PostgresOneTimeTokens
from tally.auth.adapters.roles import PostgresRoles
from tally.auth.adapters.service_accounts import PostgresServiceAccounts
from tally.auth.adapters.sessions import PostgresSessions
from tally.auth.adapters.signing_keys import PostgresSigningKeys
from tally.auth.adapters.tables import create_requests
from tally.auth.adapters.users import PostgresUsers
from tally.auth.domain.ports import Begin
from tally.kernel.database import Database
from tally.kernel.idempotency import CreateRequests


class PostgresUnitOfWork:
    """The ports within one transaction."""

    def __init__(self, connection: AsyncConnection, cipher: Fernet) -> None:
        self.users = PostgresUsers(connection)
        self.roles = PostgresRoles(connection)
        self.service_accounts = PostgresServiceAccounts(connection)
        self.sessions = PostgresSessions(connection)
        self.one_time_tokens = PostgresOneTimeTokens(connection)
        self.events = OutboxEvents(connection)
        self.create_requests = CreateRequests(connection, create_requests)
        self.attempts = PostgresAttempts(connection)
        self.audit_log = PostgresAuditLog(connection)
        self.signing_keys = PostgresSigningKeys(connection, cipher)


def units_of_work(database: Database, cipher: Fernet) -> Begin:
    """Opens units of work on `database`, whose signing keys `cipher` encrypts."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[PostgresUnitOfWork]:
        async with database.begin() as connection:
            yield PostgresUnitOfWork(connection, cipher)

    return begin
