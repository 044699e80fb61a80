"""Sends a notification."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command
from tally.notification.domain.model import Notification
from tally.notification.domain.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotification(Command[Notification]):
    """Sends a notification; a repeated request sends none.

    Attributes:
        title: What happened, in one line.
        body: More about it.
        site_id: The site that it is about; empty if none.
        camera_id: The camera that it is about; empty if none.
        sender: Who sends it.
        request: What asks for it.
        sites: About which sites the caller may tell.
    """

    title: str
    body: str = ""
    site_id: str = ""
    camera_id: str = ""
    sender: str
    request: CreateRequest = UNNAMED
    sites: Sites


@dataclass(frozen=True, slots=True)
class SendNotificationHandler:
    """Handles it.

    Attributes:
        clock: Stamps it.
        new_id: Makes its id.
    """

    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, command: SendNotification, work: UnitOfWork) -> Notification:
        """The notification, or the one that the same request sent before.

        Raises:
            SiteForbidden: It is about a site about which the caller may tell nothing.
            RequestIdReused: The request id stands for another request.
        """
        notification = Notification(
            id=self.new_id(),
            title=command.title,
            body=command.body,
            site_id=command.site_id,
            camera_id=command.camera_id,
            sender=command.sender,
            create_time=self.clock(),
        )
        notification.require_at(command.sites)
        before = await work.create_requests.claim(
            command.request, notification.id, notification.create_time
        )
        if before is not None:
            return await work.notifications.get(before)
        await work.notifications.add(notification)
        return notification
