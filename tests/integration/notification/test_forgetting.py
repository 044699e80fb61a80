"""The history of notifications ends where nobody looks any more."""

from datetime import UTC, datetime, timedelta

from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.migrations import upgrade
from tally.notification.adapters.unit_of_work import units_of_work
from tally.notification.application.command.forget_requests import (
    REMEMBERED,
    ForgetRequests,
    ForgetRequestsHandler,
)
from tally.notification.domain.model import Notification

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def sent(time: datetime) -> Notification:
    return Notification(id=new_id(), title="It rains", sender="user:ana", create_time=time)


async def test_old_notifications_are_forgotten(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.notification.migrations")
    database = Database(database_dsn)
    begin = units_of_work(database)
    last, gone = sent(NOON - REMEMBERED), sent(NOON - REMEMBERED - timedelta(seconds=1))
    async with begin() as work:
        await work.notifications.add(last)
        await work.notifications.add(gone)
    async with begin() as work:
        await ForgetRequestsHandler(lambda: NOON)(ForgetRequests(), work)
    async with begin() as work:
        assert await work.notifications.page("", 9, None) == [last]
    await database.close()
