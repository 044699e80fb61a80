"""Forgets requests that are too old to be repeated."""

from dataclasses import dataclass

from tally.camera.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ForgetRequests:
    """Forgets requests that are too old to be repeated, so that they do not pile up."""

    begin: Begin
    clock: Clock

    async def __call__(self) -> None:
        """Do it once."""
        async with self.begin() as work:
            await work.create_requests.sweep(self.clock())
