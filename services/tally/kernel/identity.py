"""Who calls, and what they may do."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller: a person, a service account or another context.

    Attributes:
        subject: Stable identifier, such as `user:0190…` or `service:worker`.
        permissions: Permission names that the caller holds everywhere, such as `camera:read`.
    """

    subject: str
    permissions: frozenset[str] = field(default_factory=frozenset)

    def may(self, permission: str) -> bool:
        """Whether the caller holds `permission`; `system:admin` holds every one."""
        return permission in self.permissions or "system:admin" in self.permissions


class Authenticator(Protocol):
    """Finds out who calls from a call's metadata."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        """The caller, or None when the metadata carries no credentials.

        Args:
            metadata: Text metadata of the call, keys in lower case.

        Raises:
            Unauthenticated: The credentials are there and do not hold.
        """
