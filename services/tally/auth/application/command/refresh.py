"""Exchanges a refresh token for the next tokens."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from tally.auth.application.session_tokens import session_token
from tally.auth.domain.errors import RefreshTokenInvalid
from tally.auth.domain.model import Tokens
from tally.auth.domain.ports import AccessTokens, Begin
from tally.kernel.clock import Clock

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Continues a session; ends it when a token comes back that was used long ago."""

    begin: Begin
    clock: Clock
    access_tokens: AccessTokens
    new_secret: Callable[[], str]

    async def __call__(self, refresh_token: str) -> Tokens:
        """The next tokens; what the user may do is looked up afresh.

        Raises:
            RefreshTokenInvalid: The token does not hold.
        """
        now = self.clock()
        following = self.new_secret()
        async with self.begin() as work:
            token = await work.sessions.hold_token(refresh_token)
            if token is None or token.session_expiry <= now:
                raise RefreshTokenInvalid
            stolen = token.reused(now)
            if stolen:
                await work.sessions.end(token.session_id)
            else:
                user = await work.users.get(token.user_id)
                await work.sessions.mark_used(refresh_token, now)
                await work.sessions.add_token(token.session_id, following)
                access_token = await session_token(self.access_tokens, work, user, token.session_id)
        if stolen:  # raised only here, because an error inside would undo the end of the session
            _log.warning("refresh_token_reused", user=token.user_id, session=token.session_id)
            raise RefreshTokenInvalid
        return Tokens(access_token, following)
