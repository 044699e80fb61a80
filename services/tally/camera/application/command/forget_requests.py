"""Forgets requests that are too old to be repeated, and what else nobody asks for any more."""

from dataclasses import dataclass
from datetime import timedelta

from tally.camera.domain.ai_model import SILENT_AFTER
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command

SAGAS_REMEMBERED = timedelta(days=90)
"""How long a saga that ended is still shown. Parked ones stay until somebody sees to them."""


@dataclass(frozen=True, slots=True)
class ForgetRequests(Command[None]):
    """Forgets old requests, sagas that ended long ago and workers that are gone, so that they do not pile up."""


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
        await work.ai_models.forget(now - SILENT_AFTER)
        await work.sagas.forget(now - SAGAS_REMEMBERED)
