"""Puts the notification server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.api.notification.v1.notification_service_pb2_grpc import (
    add_NotificationServiceServicer_to_server,
)
from tally.kernel.audit import OutboxTrail
from tally.kernel.bus import Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.database import Database
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.ids import new_id
from tally.kernel.message_bus import MessageBus
from tally.kernel.migrations import ensure_tables
from tally.kernel.outbox import OutboxRelay
from tally.kernel.process import background, repeatedly
from tally.notification.adapters.tables import outbox
from tally.notification.adapters.unit_of_work import units_of_work
from tally.notification.application.command.forget_requests import (
    ForgetRequests,
    ForgetRequestsHandler,
)
from tally.notification.application.command.send_notification import (
    SendNotification,
    SendNotificationHandler,
)
from tally.notification.application.query.list_notifications import (
    ListNotifications,
    list_notifications,
)
from tally.notification.domain.ports import Begin, UnitOfWork
from tally.notification.entrypoints.servicer import NotificationServicer
from tally.notification.settings import NotificationSettings

FORGET_PERIOD_S = 300.0


@asynccontextmanager
async def notification_server(
    settings: NotificationSettings,
    *,
    clock: Clock = utc_now,
    authenticator: Authenticator | None = None,
) -> AsyncIterator[RunningServer]:
    """The notification context: migrated and serving.

    Args:
        settings: Where things are.
        clock: Stamps what is sent.
        authenticator: Who recognises callers; by default the auth context's keys do.
    """
    url = settings.database_url.get_secret_value()
    await ensure_tables(url, "tally.notification.migrations")
    async with AsyncExitStack() as stack:
        database = Database(url)
        stack.push_async_callback(database.close)
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="notification")
        )
        use_cases = message_bus(units_of_work(database), clock)
        await stack.enter_async_context(
            background(
                OutboxRelay(database, outbox, bus).run(),
                repeatedly(lambda: use_cases.execute(ForgetRequests()), FORGET_PERIOD_S),
            )
        )

        def register(server: grpc.aio.Server) -> None:
            add_NotificationServiceServicer_to_server(NotificationServicer(use_cases), server)

        yield await stack.enter_async_context(
            serve(
                "notification",
                settings,
                register,
                {"postgresql": database.ping, "nats": bus.ping},
                authenticator,
                OutboxTrail(database, outbox, "notification"),
            )
        )


def message_bus(begin: Begin, clock: Clock) -> MessageBus[UnitOfWork]:
    """Every command and query of the context, with the use case that handles it.

    Args:
        begin: Opens units of work.
        clock: Stamps what is sent.
    """
    return MessageBus(
        begin,
        (
            SendNotification.handled_by(SendNotificationHandler(clock, new_id)),
            ListNotifications.handled_by(list_notifications),
            ForgetRequests.handled_by(ForgetRequestsHandler(clock)),
        ),
    )
