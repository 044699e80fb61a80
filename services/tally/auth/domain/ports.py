"""What the use cases need of the world."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from tally.auth.domain.keys import SigningKey
from tally.auth.domain.model import RefreshToken, User


class Users(Protocol):
    """Everybody who can log in."""

    async def get(self, user_id: str) -> User:
        """The user with this id.

        Raises:
            UserNotFound: There is none.
        """

    async def find(self, email: str) -> User | None:
        """The user with this address, in lower case."""

    async def page(self, after: str, limit: int) -> Sequence[User]:
        """At most `limit` users in order of address, from the first that follows `after`."""

    async def hold(self, user_id: str) -> User:
        """The user with this id, whom nobody else changes until the unit of work ends.

        Raises:
            UserNotFound: There is none.
        """

    async def hold_administrators(self) -> Sequence[str]:
        """Ids of all who administer; nobody else changes them until the unit of work ends."""

    async def add(self, user: User) -> None:
        """Keep a new user.

        Raises:
            EmailTaken: Another one has the address.
        """

    async def save(self, user: User) -> None:
        """Keep a user that was held and changed."""

    async def remove(self, user_id: str) -> None:
        """Forget a user and their sessions."""


class Sessions(Protocol):
    """Who is logged in. Refresh tokens are kept as digests: whoever reads the database cannot use them."""

    async def open(self, session_id: str, user_id: str, now: datetime, expiry: datetime) -> None:
        """Begin a session."""

    async def add_token(self, session_id: str, refresh_token: str) -> None:
        """Let the session continue with this token."""

    async def hold_token(self, refresh_token: str) -> RefreshToken | None:
        """The token, which nobody else uses until the unit of work ends; None if no session has it."""

    async def mark_used(self, refresh_token: str, now: datetime) -> None:
        """Keep when a token was used first."""

    async def end(self, session_id: str) -> None:
        """End a session: none of its tokens is known any more."""

    async def end_all(self, user_id: str) -> None:
        """End all sessions of a user."""

    async def sweep(self, now: datetime) -> None:
        """Forget sessions that have expired."""


class Attempts(Protocol):
    """Logins that have not succeeded, counted over a span of time."""

    async def count(self, key: str, now: datetime) -> int:
        """Count one more; returns how many there have been within the span."""

    async def clear(self, key: str) -> None:
        """Forget those of one key."""

    async def sweep(self, now: datetime) -> None:
        """Forget those whose span is over."""


class SigningKeys(Protocol):
    """The keys, kept encrypted."""

    async def hold(self) -> Sequence[SigningKey]:
        """All keys, oldest first; nobody else changes them until the unit of work ends."""

    async def add(self, key: SigningKey) -> None:
        """Keep a new key."""

    async def remove(self, key_id: str) -> None:
        """Forget a key."""


class UnitOfWork(Protocol):
    """One transaction: either everything done through it happens, or nothing."""

    @property
    def users(self) -> Users:
        """Everybody."""

    @property
    def sessions(self) -> Sessions:
        """Who is logged in."""

    @property
    def attempts(self) -> Attempts:
        """Who tries to be."""

    @property
    def signing_keys(self) -> SigningKeys:
        """What proves it."""


Begin = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a unit of work; leaving the block commits it, leaving it by an error undoes it."""


class Passwords(Protocol):
    """Makes and checks password hashes. Both take long on purpose."""

    async def hash(self, password: str) -> str:
        """A hash to keep.

        Raises:
            TooManyLogins: Too many wait already.
        """

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one of the hash; without a hash no, after the same time.

        Raises:
            TooManyLogins: Too many wait already.
        """

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""


class AccessTokens(Protocol):
    """Makes access tokens."""

    def issue(self, user: User, session_id: str) -> str:
        """A signed token that says who the user is and what they may do."""
