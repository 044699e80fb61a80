"""The notification contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.notification.v1 import notification_pb2
from tally.api.notification.v1 import notification_service_pb2 as messages
from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceServicer
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus
from tally.notification.application.command.send_notification import SendNotification
from tally.notification.application.query.list_notifications import ListNotifications
from tally.notification.domain.model import Notification
from tally.notification.domain.ports import UnitOfWork

CREATED = (("x-tally-http-status", "201"),)
"""Has the gateway answer a REST call with 201."""


@dataclass(frozen=True, slots=True)
class NotificationServicer(NotificationServiceServicer):
    """Serves `tally.api.notification.v1.NotificationService`."""

    use_cases: MessageBus[UnitOfWork]

    async def SendNotification(  # noqa: N802 - gRPC's name
        self, request: messages.SendNotificationRequest, context: ServicerContext
    ) -> messages.SendNotificationResponse:
        """Send a notification."""
        wanted, sender = request.notification, current_principal().subject
        command = SendNotification(
            title=wanted.title,
            body=wanted.body,
            site_id=wanted.site_id.lower(),
            camera_id=wanted.camera_id.lower(),
            sender=sender,
            request=CreateRequest.of(request, request.request_id, sender),
            sites=current_sites(),
        )
        sent = await self.use_cases.execute(command)
        await context.send_initial_metadata(CREATED)
        return messages.SendNotificationResponse(notification=_to_proto(sent))

    async def ListNotifications(  # noqa: N802 - gRPC's name
        self, request: messages.ListNotificationsRequest, context: ServicerContext
    ) -> messages.ListNotificationsResponse:
        """List notifications, newest first, a page at a time."""
        query = ListNotifications(
            site_id=request.site_id.lower(),
            page_size=request.page_size,
            token=request.page_token,
            sites=current_sites(),
        )
        page = await self.use_cases.execute(query)
        return messages.ListNotificationsResponse(
            notifications=map(_to_proto, page.notifications), next_page_token=page.next_page_token
        )


def _to_proto(notification: Notification) -> notification_pb2.Notification:
    message = notification_pb2.Notification(
        id=notification.id,
        title=notification.title,
        body=notification.body,
        site_id=notification.site_id,
        camera_id=notification.camera_id,
        sender=notification.sender,
    )
    message.create_time.FromDatetime(notification.create_time)
    return message
