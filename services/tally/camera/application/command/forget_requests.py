"""Forgets requests that are too old to be repeated."""

from dataclasses import dataclass

from tally.camera.domain.ai_model import SILENT_AFTER
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True)
class ForgetRequests(Command[None]):
    """Forgets requests that are too old to be repeated and workers that are gone, so that they do not pile up."""


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
