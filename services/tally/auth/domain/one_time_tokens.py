"""Tokens that are sent to somebody and count once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tally.auth.domain.access import RoleBinding

INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=1)


class Purpose(StrEnum):
    """What a token is good for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - names a purpose


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """What is kept of a token; only its receiver has the text.

    Attributes:
        purpose: What it is good for.
        email: Whose it is, in lower case.
        expire_time: When it ends by itself.
        role_bindings: The roles that an invitation gives.
    """

    purpose: Purpose
    email: str
    expire_time: datetime
    role_bindings: frozenset[RoleBinding] = frozenset()
