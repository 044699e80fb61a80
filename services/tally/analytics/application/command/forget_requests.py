"""Forgets requests that are too old to be repeated."""

from dataclasses import dataclass

from tally.analytics.domain.ports import CountAudits
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ForgetRequests:
    """Forgets requests that are too old to be repeated, so that they do not pile up."""

    audits: CountAudits
    clock: Clock

    async def __call__(self) -> None:
        """Do it once."""
        await self.audits.sweep(self.clock())
