"""Users and their sessions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tally.auth.domain.access import SUPER_ADMIN, RoleBinding
from tally.auth.domain.versioned import Versioned

USER = "user:"
"""Begins the subject of users' access tokens."""
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)
"""Time in which a refresh token may be used again: two tabs, or a client that lost the answer, refresh at once."""


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to change about a user; None stays as it is."""

    display_name: str | None = None
    role_bindings: frozenset[RoleBinding] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class User(Versioned):
    """Somebody who can log in.

    Attributes:
        id: A UUID.
        email: Their address, in lower case.
        display_name: What people call them.
        password_hash: In argon2's own encoding, with its parameters.
        role_bindings: The roles that they hold.
        disabled: Whether they can no longer log in.
        password_change_required: Whether somebody else chose their password, so that they may do nothing but change it.
        version: Counts the changes, from 1.
        create_time: When they came into being.
        update_time: When they last changed.
    """

    id: str
    email: str
    display_name: str
    password_hash: str
    role_bindings: frozenset[RoleBinding]
    create_time: datetime
    update_time: datetime
    disabled: bool = False
    password_change_required: bool = False
    version: int = 1

    @property
    def subject(self) -> str:
        """Who they are in access tokens."""
        return f"{USER}{self.id}"

    @property
    def administers(self) -> bool:
        """Whether they can log in and do everything."""
        return RoleBinding(SUPER_ADMIN) in self.role_bindings and not self.disabled

    def changed(self, change: UserChange, now: datetime) -> "User":
        """The user after a change."""
        return replace(
            self,
            display_name=self.display_name if change.display_name is None else change.display_name,
            role_bindings=(
                self.role_bindings if change.role_bindings is None else change.role_bindings
            ),
            disabled=self.disabled if change.disabled is None else change.disabled,
            version=self.version + 1,
            update_time=now,
        )

    def with_password(self, password_hash: str, now: datetime) -> "User":
        """The user with another password, or another hash of the same one."""
        return replace(self, password_hash=password_hash, version=self.version + 1, update_time=now)

    def with_own_password(self, password_hash: str, now: datetime) -> "User":
        """The user with a password that nobody else knows."""
        return replace(self.with_password(password_hash, now), password_change_required=False)


@dataclass(frozen=True, slots=True)
class Client:
    """The program that logs a user in.

    Attributes:
        address: Where it is.
        user_agent: What it calls itself.
    """

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Where a user is logged in.

    Attributes:
        id: A UUID.
        user_id: Whose it is.
        client: What opened it.
        create_time: When it began.
        last_use_time: When it last gave out tokens.
        expire_time: When it ends by itself.
    """

    id: str
    user_id: str
    client: Client
    create_time: datetime
    last_use_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it is kept, with its session: all tokens of a session are one family.

    Attributes:
        session_id: Its session.
        user_id: Whose session that is.
        session_expiry: When the session ends by itself.
        used_at: When it was exchanged for the next one; None if it was not.
    """

    session_id: str
    user_id: str
    session_expiry: datetime
    used_at: datetime | None

    def reused(self, now: datetime) -> bool:
        """Whether using it now means that somebody stole it."""
        return self.used_at is not None and now - self.used_at > REFRESH_GRACE


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a session gives out; only the holder has the texts."""

    access_token: str
    refresh_token: str
