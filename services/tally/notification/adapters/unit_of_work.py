"""Units of work on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.database import Database
from tally.kernel.idempotency import CreateRequests
from tally.kernel.identity import Sites
from tally.kernel.unit_of_work import Mode
from tally.notification.adapters.tables import create_requests, notifications
from tally.notification.domain.model import Notification
from tally.notification.domain.ports import Begin


class PostgresNotifications:
    """The `notifications` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, notification_id: str) -> Notification:
        """The notification with this id."""
        query = select(notifications).where(notifications.c.id == notification_id)
        return _notification((await self._connection.execute(query)).one())

    async def add(self, notification: Notification) -> None:
        """Keep a new one."""
        await self._connection.execute(insert(notifications).values(asdict(notification)))

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[Notification]:
        """At most `limit` about these sites, newest first."""
        columns = notifications.c
        query = select(notifications).order_by(columns.id.desc()).limit(limit)  # ids sort by time
        if after:
            query = query.where(columns.id < after)
        if sites is not None:
            query = query.where(columns.site_id.in_(sites))
        return [_notification(row) for row in await self._connection.execute(query)]

    async def forget(self, sent_before: datetime) -> None:
        """Remove those that were sent before."""
        await self._connection.execute(
            delete(notifications).where(notifications.c.create_time < sent_before)
        )


class PostgresUnitOfWork:
    """The ports within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.notifications = PostgresNotifications(connection)
        self.create_requests = CreateRequests(connection, create_requests)


def units_of_work(database: Database) -> Begin:
    """Opens units of work on `database`."""

    @asynccontextmanager
    async def begin(mode: Mode = Mode.CHANGE) -> AsyncIterator[PostgresUnitOfWork]:
        async with database.begin(reads_only=mode is Mode.READ) as connection:
            yield PostgresUnitOfWork(connection)

    return begin


def _notification(row: Row[Any]) -> Notification:
    return Notification(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for the row as a mapping
