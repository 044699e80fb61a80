"""Ends all sessions of a user."""

from dataclasses import dataclass

from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class LogoutEverywhere:
    """Ends all sessions of a user."""

    begin: Begin

    async def __call__(self, user_id: str) -> None:
        """End them."""
        async with self.begin() as work:
            await work.sessions.end_all(user_id)
