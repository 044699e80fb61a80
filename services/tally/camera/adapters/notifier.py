"""People, told by the notification context."""

import grpc

from tally.api.notification.v1.notification_pb2 import Notification
from tally.api.notification.v1.notification_service_pb2 import SendNotificationRequest
from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from tally.kernel.errors import FailedPrecondition, Unavailable

_LATER = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
)


class GrpcNotifier:
    """Sends notifications.

    Args:
        channel: To the notification context, with this one's credentials.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def notify(self, request_id: str, title: str, *, site_id: str, camera_id: str) -> None:
        """Send one."""
        notification = Notification(title=title, site_id=site_id, camera_id=camera_id)
        request = SendNotificationRequest(notification=notification, request_id=request_id)
        try:
            await self._stub.SendNotification(request)
        except grpc.aio.AioRpcError as error:
            kind = Unavailable if error.code() in _LATER else FailedPrecondition
            raise kind(f"people were not told: {error.details()}") from error
