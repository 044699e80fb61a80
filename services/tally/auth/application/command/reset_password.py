"""Gives who was sent a token another password."""

from dataclasses import dataclass

from tally.auth.application.throttle import Throttle
from tally.auth.domain.errors import TokenInvalid
from tally.auth.domain.one_time_tokens import Purpose
from tally.auth.domain.passwords import check_password
from tally.auth.domain.ports import Begin, Passwords
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """Sets another password and ends all sessions of the user."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    passwords: Passwords

    async def __call__(self, text: str, new: str, address: str) -> None:
        """Set it.

        Args:
            text: The token that was sent.
            new: The new password.
            address: Where the caller is.

        Raises:
            TokenInvalid: The token does not hold.
            PasswordTooCommon: The password is among those that attackers try first; the token still holds.
            TooManyAttempts: Somebody at this address guesses.
            TooManyLogins: Too many passwords wait for being hashed; the token still holds.
        """
        async with self.begin() as work:
            seen = await work.one_time_tokens.find(Purpose.PASSWORD_RESET, text)
        if seen is None:
            await self.throttle.admit_other("reset", address)
            raise TokenInvalid
        check_password(new, seen.email)
        password_hash = await self.passwords.hash(new)
        now = self.clock()
        async with self.begin() as work:
            token = await work.one_time_tokens.take(Purpose.PASSWORD_RESET, text)
            if token is None or token.expire_time <= now:
                raise TokenInvalid
            found = await work.users.find(token.email)
            if found is None or found.disabled:
                raise TokenInvalid
            user = await work.users.hold(found.id)
            await work.users.save(user.with_own_password(password_hash, now))
            await work.sessions.end_all(user.id)
        await self.throttle.forgive(token.email)
