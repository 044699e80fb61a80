"""Lists the sessions of a user."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.auth.domain.model import Session
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ListSessions:
    """Lists the sessions of a user."""

    begin: Begin
    clock: Clock

    async def __call__(self, user_id: str) -> Sequence[Session]:
        """All of them, newest first; none of a user who does not exist."""
        async with self.begin() as work:
            return await work.sessions.of_user(user_id, self.clock())
