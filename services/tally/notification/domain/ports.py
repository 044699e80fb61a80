"""What the use cases need of the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tally.kernel import unit_of_work
from tally.kernel.idempotency import Requests
from tally.kernel.identity import Sites
from tally.notification.domain.model import Notification


class Notifications(Protocol):
    """The history."""

    async def get(self, notification_id: str) -> Notification:
        """One that is known to be there."""

    async def add(self, notification: Notification) -> None:
        """Keep a new one."""

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[Notification]:
        """At most `limit` about these sites, newest first, from the first that is older than that with the id `after`.

        Without `after`, from the newest.
        """

    async def forget(self, sent_before: datetime) -> None:
        """Remove those that were sent before."""


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def notifications(self) -> Notifications:
        """The history."""

    @property
    def create_requests(self) -> Requests:
        """What was asked for before."""


Begin = unit_of_work.Begin[UnitOfWork]
"""Opens units of work."""
