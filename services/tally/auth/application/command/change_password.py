"""Gives a user another password."""

from dataclasses import dataclass

from tally.auth.application.throttle import Throttle
from tally.auth.domain.errors import CredentialsWrong
from tally.auth.domain.passwords import check_password
from tally.auth.domain.ports import Begin, Passwords
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Gives users who know their password another one, and ends all their sessions."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    passwords: Passwords

    async def __call__(self, user_id: str, current: str, new: str) -> None:
        """Change it.

        Raises:
            UserNotFound: The user is gone.
            PasswordTooCommon: The new one is among those that attackers try first.
            CredentialsWrong: The current one is another.
            TooManyAttempts: Somebody guesses.
            TooManyLogins: Too many passwords wait for being checked.
        """
        async with self.begin() as work:
            seen = await work.users.get(user_id)
        check_password(new, seen.email)
        await self.throttle.admit(seen.email)
        if not await self.passwords.verify(seen.password_hash, current):
            raise CredentialsWrong
        fresh_hash = await self.passwords.hash(new)
        async with self.begin() as work:
            user = await work.users.hold(user_id)
            if user.password_hash != seen.password_hash:
                raise CredentialsWrong  # changed while the password was being checked
            await work.users.save(user.with_own_password(fresh_hash, self.clock()))
            await work.sessions.end_all(user_id)
        await self.throttle.forgive(seen.email)
