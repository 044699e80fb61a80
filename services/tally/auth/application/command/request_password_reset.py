"""Has a token for another password sent to a user."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.application.throttle import Throttle
from tally.auth.domain.events import PasswordResetRequested
from tally.auth.domain.one_time_tokens import RESET_LIFETIME, OneTimeToken, Purpose
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock

ANSWER_AFTER_S = 0.2
"""Every answer takes this long, so that its time does not tell whether there is such a user."""


@dataclass(frozen=True, slots=True)
class RequestPasswordReset:
    """Has a token sent, if there is somebody to send it to; it replaces an earlier one."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    new_secret: Callable[[], str]

    async def __call__(self, email: str, address: str) -> None:
        """Have it sent.

        Args:
            email: The user's address, as typed.
            address: Where the caller is.

        Raises:
            TooManyAttempts: There have been too many for this user, or from this address.
        """
        email = email.strip().lower()
        answer = asyncio.create_task(asyncio.sleep(ANSWER_AFTER_S))
        try:
            await self.throttle.admit_other("reset", address)
            await self.throttle.admit(f"reset:{email}")
            await self._send(email)
        finally:
            await answer

    async def _send(self, email: str) -> None:
        now, text = self.clock(), self.new_secret()
        ends = now + RESET_LIFETIME
        async with self.begin() as work:
            user = await work.users.find(email)
            if user is None or user.disabled:
                return
            token = OneTimeToken(Purpose.PASSWORD_RESET, email, ends)
            await work.one_time_tokens.add(token, text)
            await work.events.add(PasswordResetRequested(user.id, email, text, ends), now)
