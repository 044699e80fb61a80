"""Forgets requests that are too old to be repeated, and what people were told long ago."""

from dataclasses import dataclass
from datetime import timedelta

from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command
from tally.notification.domain.ports import UnitOfWork

REMEMBERED = timedelta(days=90)
"""How long a notification stays in the history."""


@dataclass(frozen=True, slots=True)
class ForgetRequests(Command[None]):
    """Forgets old requests and old notifications, so that they do not pile up."""


@dataclass(frozen=True, slots=True)
class ForgetRequestsHandler:
    """Handles it.

    Attributes:
        clock: Tells how old they are.
    """

    clock: Clock

    async def __call__(self, _: ForgetRequests, work: UnitOfWork) -> None:
        """Do it once."""
        now = self.clock()
        await work.create_requests.sweep(now)
        await work.notifications.forget(now - REMEMBERED)
