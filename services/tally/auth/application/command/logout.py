"""Ends a session."""

from dataclasses import dataclass

from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class Logout:
    """Ends the session of a refresh token."""

    begin: Begin

    async def __call__(self, refresh_token: str) -> None:
        """End it; a token of no session ends none."""
        async with self.begin() as work:
            token = await work.sessions.hold_token(refresh_token)
            if token is not None:
                await work.sessions.end(token.session_id)
