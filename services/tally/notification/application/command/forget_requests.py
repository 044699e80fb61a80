"""Forgets requests that are too old to be repeated."""

from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command
from tally.notification.domain.ports import UnitOfWork


@dataclass(frozen=True, slots=True)
class ForgetRequests(Command[None]):
    """Forgets requests that are too old to be repeated, so that they do not pile up."""


@dataclass(frozen=True, slots=True)
class ForgetRequestsHandler:
    """Handles it.

    Attributes:
        clock: Tells how old they are.
    """

    clock: Clock

    async def __call__(self, _: ForgetRequests, work: UnitOfWork) -> None:
        """Do it once."""
        await work.create_requests.sweep(self.clock())
