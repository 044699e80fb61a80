"""Who calls, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

ADMINISTER = "system:admin"
"""The permission that holds every other one."""

Sites = frozenset[str] | None
"""Ids of the sites where something is permitted; None stands for everywhere."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller: a person, a service account or another context.

    Attributes:
        subject: Stable identifier, such as `user:0190…` or `service:0190…`.
        permissions: Permission names that the caller holds everywhere, such as `camera:read`.
        sites: Ids of the sites where the caller holds a permission, by permission; beyond `permissions`.
        expires_at: When the credentials end; None if they do not.
        session_id: The login session that the credentials belong to; empty if none.
        password_change_required: Whether the caller may do nothing until they choose a password of their own.
    """

    subject: str
    permissions: frozenset[str] = frozenset()
    sites: Mapping[str, frozenset[str]] = field(default_factory=dict)
    expires_at: datetime | None = None
    session_id: str = ""
    password_change_required: bool = False

    def may(self, permission: str) -> bool:
        """Whether the caller holds `permission` everywhere; `system:admin` holds every one."""
        return permission in self.permissions or ADMINISTER in self.permissions

    def sites_for(self, permission: str) -> Sites:
        """The sites where the caller holds `permission`; None if that is everywhere."""
        return None if self.may(permission) else self.sites.get(permission, frozenset())

    def holds_at(self, moment: datetime) -> bool:
        """Whether the credentials have not ended at `moment`."""
        return self.expires_at is None or moment < self.expires_at


class Authenticator(Protocol):
    """Finds out who calls from a call's metadata."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        """The caller, or None when the metadata carries no credentials.

        Args:
            metadata: Text metadata of the call, keys in lower case.

        Raises:
            Unauthenticated: The credentials are there and do not hold.
        """
