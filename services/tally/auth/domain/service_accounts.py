"""Programs that call on their own behalf, and the keys that they show."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tally.auth.domain.access import RoleBinding
from tally.auth.domain.versioned import Versioned

SERVICE = "service:"
"""Begins the subject of service accounts' access tokens."""
KEY_TEXT = re.compile(r"tally_[\w-]{8}_[\w-]{24,}", re.ASCII)
"""What people and scanners for lost secrets recognise as a key; secret is what follows the second underscore."""
USE_IS_NOTED_AFTER = timedelta(minutes=1)
"""A key that is used all the time is not written each time."""


@dataclass(frozen=True, slots=True)
class ServiceAccountChange:
    """What is to change about an account; None stays as it is."""

    name: str | None = None
    role_bindings: frozenset[RoleBinding] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccount(Versioned):
    """A program's account.

    Attributes:
        id: A UUID.
        name: What people call it.
        role_bindings: The roles that it holds.
        create_time: When it came into being.
        update_time: When it last changed.
        disabled: Whether its keys give no tokens any more.
        version: Counts the changes, from 1.
    """

    id: str
    name: str
    role_bindings: frozenset[RoleBinding]
    create_time: datetime
    update_time: datetime
    disabled: bool = False
    version: int = 1

    @property
    def subject(self) -> str:
        """Who it is in access tokens."""
        return f"{SERVICE}{self.id}"

    def changed(self, change: ServiceAccountChange, now: datetime) -> "ServiceAccount":
        """The account after a change."""
        return replace(
            self,
            name=self.name if change.name is None else change.name,
            role_bindings=(
                self.role_bindings if change.role_bindings is None else change.role_bindings
            ),
            disabled=self.disabled if change.disabled is None else change.disabled,
            version=self.version + 1,
            update_time=now,
        )


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key; only its holder has the text.

    Attributes:
        id: A UUID.
        service_account_id: Whose it is.
        name: What people call it.
        prefix: The first characters of the text.
        scopes: What it is limited to; none: all that its account may do.
        create_time: When it came into being.
        expire_time: When it ends by itself.
        last_use_time: When it last gave a token, more or less.
    """

    id: str
    service_account_id: str
    name: str
    prefix: str
    scopes: frozenset[str]
    create_time: datetime
    expire_time: datetime | None = None
    last_use_time: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.expire_time is None or now < self.expire_time

    def use_is_news(self, now: datetime) -> bool:
        """Whether its use now is worth writing down."""
        return self.last_use_time is None or now - self.last_use_time >= USE_IS_NOTED_AFTER


def key_text(secret: str) -> str:
    """The text of a key, as `KEY_TEXT` has it.

    Args:
        secret: 32 characters or more that nobody guesses.
    """
    return f"tally_{secret[:8]}_{secret[8:]}"


def prefix_of(text: str) -> str:
    """What of a key is no secret."""
    return text[:14]
