"""Roles and the permissions that they hold."""

from collections.abc import Iterable
from enum import StrEnum

from tally.auth.domain.errors import BeyondOwnPermissions

ADMINISTER = "system:admin"
"""The permission that holds every other one."""


class Role(StrEnum):
    """What a user may do."""

    SUPER_ADMIN = "super-admin"
    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"
    GUEST = "guest"


_PERMISSIONS = {
    Role.SUPER_ADMIN: {
        "camera:read", "camera:write", "camera:delete", "user:read", "user:write",
        "analytics:read", "analytics:write", ADMINISTER,
    },
    Role.ADMIN: {
        "camera:read", "camera:write", "camera:delete", "user:read", "user:write",
        "analytics:read", "analytics:write",
    },
    Role.OPERATOR: {"camera:read", "camera:write", "analytics:read"},
    Role.VIEWER: {"camera:read", "analytics:read"},
    Role.GUEST: {"analytics:read"},
}  # fmt: skip


def permissions_of(roles: Iterable[Role]) -> frozenset[str]:
    """Every permission that one of the roles holds."""
    return frozenset(permission for role in roles for permission in _PERMISSIONS[role])


def check_within(own: frozenset[str], touched: frozenset[str]) -> None:
    """Keep users from raising themselves: nobody gives, takes or touches permissions that they lack.

    Args:
        own: Permissions of whoever makes a change.
        touched: Permissions of whoever is changed, before and after.

    Raises:
        BeyondOwnPermissions: Some of those are missing.
    """
    missing = touched - own
    if missing and ADMINISTER not in own:
        raise BeyondOwnPermissions(missing)
