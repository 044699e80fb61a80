"""What the use cases need of the world."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from tally.auth.domain.access import Grants, Role, RoleBinding
from tally.auth.domain.audit import Entry, Record, Wanted
from tally.auth.domain.events import AuthEvent
from tally.auth.domain.keys import SigningKey
from tally.auth.domain.model import RefreshToken, Session, User
from tally.auth.domain.one_time_tokens import OneTimeToken, Purpose
from tally.auth.domain.service_accounts import ApiKey, ServiceAccount
from tally.kernel.idempotency import Requests


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


class Roles(Protocol):
    """All roles, those of every system included."""

    async def get(self, role_id: str) -> Role:
        """The role with this id.

        Raises:
            RoleNotFound: There is none.
        """

    async def page(self, after: str, limit: int) -> Sequence[Role]:
        """At most `limit` roles in order of id, from the first that follows `after`."""

    async def hold(self, role_id: str) -> Role:
        """The role with this id, which nobody else changes or gives away until the unit of work ends.

        Raises:
            RoleNotFound: There is none.
        """

    async def grants(self, bindings: Iterable[RoleBinding]) -> Grants:
        """What the bindings permit. Their roles stay as they are until the unit of work ends.

        Raises:
            RoleNotFound: One of the roles is none.
        """

    async def held(self, role_id: str) -> bool:
        """Whether any user or service account holds the role, or an invitation gives it."""

    async def add(self, role: Role) -> None:
        """Keep a new role.

        Raises:
            RoleIdTaken: Another one has the id.
        """

    async def save(self, role: Role) -> None:
        """Keep a role that was held and changed."""

    async def remove(self, role_id: str) -> None:
        """Forget a role."""


class ServiceAccounts(Protocol):
    """Programs that call on their own behalf, with their keys. Of keys only digests are kept."""

    async def get(self, account_id: str) -> ServiceAccount:
        """The account with this id.

        Raises:
            ServiceAccountNotFound: There is none.
        """

    async def find(self, name: str) -> ServiceAccount | None:
        """The account with this name."""

    async def page(self, after: str, limit: int) -> Sequence[ServiceAccount]:
        """At most `limit` accounts in order of name, from the first that follows `after`."""

    async def hold(self, account_id: str) -> ServiceAccount:
        """The account with this id, which nobody else changes until the unit of work ends.

        Raises:
            ServiceAccountNotFound: There is none.
        """

    async def add(self, account: ServiceAccount) -> None:
        """Keep a new account.

        Raises:
            ServiceAccountNameTaken: Another one has the name.
        """

    async def save(self, account: ServiceAccount) -> None:
        """Keep an account that was held and changed.

        Raises:
            ServiceAccountNameTaken: Another one has the name.
        """

    async def remove(self, account_id: str) -> None:
        """Forget an account and its keys."""

    async def keys(self, account_id: str) -> Sequence[ApiKey]:
        """The keys of an account, newest first."""

    async def add_key(self, key: ApiKey, text: str) -> None:
        """Keep a key by its text."""

    async def find_key(self, text: str) -> ApiKey | None:
        """The key with this text."""

    async def note_use(self, key_id: str, now: datetime) -> None:
        """Keep when a key was last used."""

    async def remove_key(self, account_id: str, key_id: str) -> None:
        """Forget a key, if the account has it."""


class Sessions(Protocol):
    """Who is logged in. Refresh tokens are kept as digests: whoever reads the database cannot use them."""

    async def open(self, session: Session) -> None:
        """Begin a session."""

    async def of_user(self, user_id: str, now: datetime) -> Sequence[Session]:
        """The sessions of a user that have not expired, newest first."""

    async def find(self, session_id: str) -> Session | None:
        """The session with this id."""

    async def add_token(self, session_id: str, refresh_token: str) -> None:
        """Let the session continue with this token."""

    async def hold_token(self, refresh_token: str) -> RefreshToken | None:
        """The token, which nobody else uses until the unit of work ends; None if no session has it."""

    async def mark_used(self, refresh_token: str, now: datetime) -> None:
        """Keep when a token was used first, and that its session is in use."""

    async def end(self, session_id: str) -> None:
        """End a session: none of its tokens is known any more."""

    async def end_all(self, user_id: str) -> None:
        """End all sessions of a user."""

    async def sweep(self, now: datetime) -> None:
        """Forget sessions that have expired."""


class OneTimeTokens(Protocol):
    """Tokens that count once. They are kept as digests."""

    async def add(self, token: OneTimeToken, text: str) -> None:
        """Keep a token; earlier ones of its purpose and address end."""

    async def find(self, purpose: Purpose, text: str) -> OneTimeToken | None:
        """The token with this text."""

    async def sent_to(self, purpose: Purpose, email: str) -> OneTimeToken | None:
        """The token that was sent to this address."""

    async def take(self, purpose: Purpose, text: str) -> OneTimeToken | None:
        """The token with this text, which is used up with it."""

    async def sweep(self, now: datetime) -> None:
        """Forget those that have ended."""


class Events(Protocol):
    """Tells others."""

    async def add(self, event: AuthEvent, now: datetime) -> None:
        """Have an event sent if the unit of work succeeds."""


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


class AuditLog(Protocol):
    """What was done, in the order in which it became known. Nothing is changed or removed."""

    async def append(self, records: Sequence[Record]) -> None:
        """Add those records that are not there yet; nobody else does so until the unit of work ends."""

    async def newest(self, wanted: Wanted, before: int | None, limit: int) -> Sequence[Entry]:
        """At most `limit` entries, newest first, from the first that precedes the sequence number `before`."""

    async def oldest(self, after: int, limit: int) -> Sequence[Entry]:
        """At most `limit` entries, oldest first, from the first that follows the sequence number `after`."""


class UnitOfWork(Protocol):
    """One transaction: either everything done through it happens, or nothing."""

    @property
    def users(self) -> Users:
        """Everybody."""

    @property
    def roles(self) -> Roles:
        """What they may be."""

    @property
    def service_accounts(self) -> ServiceAccounts:
        """Which programs may call."""

    @property
    def sessions(self) -> Sessions:
        """Who is logged in."""

    @property
    def one_time_tokens(self) -> OneTimeTokens:
        """Who was sent a token."""

    @property
    def events(self) -> Events:
        """What others hear of it."""

    @property
    def create_requests(self) -> Requests:
        """What was asked for before."""

    @property
    def attempts(self) -> Attempts:
        """Who tries to be."""

    @property
    def audit_log(self) -> AuditLog:
        """What was done."""

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

    def issue(self, subject: str, grants: Grants, session_id: str = "") -> str:
        """A signed token that says who somebody is and what they may do.

        Args:
            subject: Such as `user:0190…`.
            grants: What they may do.
            session_id: The session that it belongs to; empty for service accounts.
        """

    def issue_restricted(self, subject: str, session_id: str) -> str:
        """A signed token that permits nothing, for whom somebody else chose the password: until they change it."""
