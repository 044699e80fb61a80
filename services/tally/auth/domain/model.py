"""Users and their sessions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tally.auth.domain.access import Role, permissions_of
from tally.auth.domain.errors import EtagMismatch

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)
"""Time in which a refresh token may be used again: two tabs, or a client that lost the answer, refresh at once."""


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to change about a user; None stays as it is."""

    display_name: str | None = None
    roles: frozenset[Role] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who can log in.

    Attributes:
        id: A UUID.
        email: Their address, in lower case.
        display_name: What people call them.
        password_hash: In argon2's own encoding, with its parameters.
        roles: What they may do.
        disabled: Whether they can no longer log in.
        password_change_required: Whether somebody else chose their password, so that they are told to change it.
        version: Counts the changes, from 1.
        create_time: When they came into being.
        update_time: When they last changed.
    """

    id: str
    email: str
    display_name: str
    password_hash: str
    roles: frozenset[Role]
    create_time: datetime
    update_time: datetime
    disabled: bool = False
    password_change_required: bool = False
    version: int = 1

    @property
    def permissions(self) -> frozenset[str]:
        """What their roles permit."""
        return permissions_of(self.roles)

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)

    @property
    def administers(self) -> bool:
        """Whether they can log in and do everything."""
        return Role.SUPER_ADMIN in self.roles and not self.disabled

    def check_etag(self, etag: str) -> None:
        """Refuse an etag that is not the present one; an empty one asks for nothing.

        Raises:
            EtagMismatch: It is another.
        """
        if etag and etag != self.etag:
            raise EtagMismatch

    def changed(self, change: UserChange, now: datetime) -> "User":
        """The user after a change."""
        return replace(
            self,
            display_name=self.display_name if change.display_name is None else change.display_name,
            roles=self.roles if change.roles is None else change.roles,
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
