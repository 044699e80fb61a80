"""Forgets what is over."""

from dataclasses import dataclass

from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Sweep:
    """Forgets what has expired or is long ago, so that no table grows for ever."""

    begin: Begin
    clock: Clock

    async def __call__(self) -> None:
        """Sweep once."""
        now = self.clock()
        async with self.begin() as work:
            await work.sessions.sweep(now)
            await work.attempts.sweep(now)
            await work.one_time_tokens.sweep(now)
            await work.create_requests.sweep(now)
