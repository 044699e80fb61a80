"""Logs a user in."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.application.session_tokens import session_token
from tally.auth.application.throttle import Throttle
from tally.auth.domain.errors import CredentialsWrong
from tally.auth.domain.model import SESSION_LIFETIME, Client, Session, Tokens, User
from tally.auth.domain.ports import AccessTokens, Begin, Passwords
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Login:
    """Opens a session for who knows the password."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    passwords: Passwords
    access_tokens: AccessTokens
    new_id: Callable[[], str]
    new_secret: Callable[[], str]

    async def __call__(self, email: str, password: str, client: Client) -> Tokens:
        """The session's first tokens.

        Args:
            email: As typed.
            password: As typed.
            client: What the user logs in with.

        Raises:
            CredentialsWrong: They do not belong together; nothing tells why.
            TooManyAttempts: There were too many failed ones.
            TooManyLogins: Too many passwords wait for being checked.
        """
        email = email.strip().lower()
        await self.throttle.admit(email, client.address)
        async with self.begin() as work:
            user = await work.users.find(email)
        holds = await self.passwords.verify(user.password_hash if user else None, password)
        if user is None or not holds or user.disabled:
            raise CredentialsWrong
        fresh_hash = (
            await self.passwords.hash(password)
            if self.passwords.outdated(user.password_hash)
            else None
        )
        tokens = await self._open(user, fresh_hash, client)
        await self.throttle.forgive(email)
        return tokens

    async def _open(self, seen: User, fresh_hash: str | None, client: Client) -> Tokens:
        now = self.clock()
        session_id, refresh_token = self.new_id(), self.new_secret()
        async with self.begin() as work:
            user = await work.users.hold(seen.id)
            if user.disabled or user.password_hash != seen.password_hash:
                raise CredentialsWrong  # changed while the password was being checked
            if fresh_hash is not None:
                await work.users.save(user.with_password(fresh_hash, now))
            await work.sessions.open(
                Session(session_id, user.id, client, now, now, now + SESSION_LIFETIME)
            )
            await work.sessions.add_token(session_id, refresh_token)
            access_token = await session_token(self.access_tokens, work, user, session_id)
        return Tokens(access_token, refresh_token)
