"""Permissions, the roles that bundle them, and what somebody may do who holds roles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tally.auth.domain.errors import BeyondOwnPermissions
from tally.auth.domain.versioned import Versioned
from tally.kernel.errors import FieldViolation, InvalidInput

ADMINISTER = "system:admin"
"""The permission that holds every other one."""
SUPER_ADMIN, ADMIN, GUEST = "super-admin", "admin", "guest"

PERMISSIONS: Mapping[str, str] = {
    "analytics:read": "See counts, live and stored.",
    "analytics:write": "Count by hand, to audit cameras.",
    "camera:delete": "Delete cameras.",
    "camera:read": "See cameras and the workers that run them.",
    "camera:write": "Create cameras, change them, start and stop counting.",
    "system:admin": "Everything, the audit log and other administrators included.",
    "user:read": "See users, service accounts, roles and sessions.",
    "user:write": "Create and change users, service accounts and roles, and end sessions.",
    "worker:run": "Run cameras and tasks as a worker, and be told the cameras' credentials.",
}
"""Everything that a contract may ask for, with what it is for."""

BUILT_IN: Mapping[str, tuple[str, frozenset[str]]] = {
    SUPER_ADMIN: ("Super admin", frozenset(PERMISSIONS)),
    ADMIN: ("Admin", frozenset(PERMISSIONS) - {ADMINISTER}),
    "operator": (
        "Operator",
        frozenset({"camera:read", "camera:write", "analytics:read", "analytics:write"}),
    ),
    "viewer": ("Viewer", frozenset({"camera:read", "analytics:read"})),
    GUEST: ("Guest", frozenset({"analytics:read"})),
}
"""The roles of every system: what people call them, and what they permit."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What is to change about a role; None stays as it is."""

    display_name: str | None = None
    permissions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Role(Versioned):
    """A set of permissions with a name.

    Attributes:
        id: Such as `night-shift`.
        display_name: What people call it.
        permissions: What it permits.
        built_in: Whether it is one of those that every system has.
        create_time: When it came into being.
        update_time: When it last changed.
        version: Counts the changes, from 1.
    """

    id: str
    display_name: str
    permissions: frozenset[str]
    create_time: datetime
    update_time: datetime
    built_in: bool = False
    version: int = 1

    def changed(self, change: RoleChange, now: datetime) -> "Role":
        """The role after a change."""
        return replace(
            self,
            display_name=self.display_name if change.display_name is None else change.display_name,
            permissions=self.permissions if change.permissions is None else change.permissions,
            version=self.version + 1,
            update_time=now,
        )


@dataclass(frozen=True, slots=True, order=True)
class RoleBinding:
    """A role that somebody holds.

    Attributes:
        role_id: The role.
        site_ids: Where it is held; none: everywhere.

    Raises:
        InvalidInput: Super admins cannot be limited to sites.
    """

    role_id: str
    site_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.role_id == SUPER_ADMIN and self.site_ids:
            raise InvalidInput(
                [FieldViolation("role_bindings", f"{SUPER_ADMIN} cannot be limited to sites")]
            )


@dataclass(frozen=True, slots=True)
class Grants:
    """What somebody may do.

    Attributes:
        everywhere: Permissions held without regard to sites.
        sites: Of other permissions, the sites where they are held.
    """

    everywhere: frozenset[str] = frozenset()
    sites: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, bindings: Iterable[RoleBinding], permissions: Mapping[str, frozenset[str]]
    ) -> "Grants":
        """What bindings of roles with these permissions add up to."""
        everywhere: set[str] = set()
        sites: dict[str, set[str]] = {}
        for binding in bindings:
            held = permissions[binding.role_id]
            if not binding.site_ids:
                everywhere |= held
            for permission in held if binding.site_ids else ():
                sites.setdefault(permission, set()).update(binding.site_ids)
        beyond = {name: frozenset(ids) for name, ids in sites.items() if name not in everywhere}
        return cls(frozenset(everywhere), beyond)

    def include(self, permission: str) -> bool:
        """Whether the permission is held everywhere; `system:admin` holds every one."""
        return permission in self.everywhere or ADMINISTER in self.everywhere

    def limited_to(self, scopes: frozenset[str]) -> "Grants":
        """The part of it that `scopes` name; none names all. `system:admin` can stand for what it holds."""
        if not scopes:
            return self
        everywhere = scopes if ADMINISTER in self.everywhere else self.everywhere & scopes
        sites = {name: ids for name, ids in self.sites.items() if name in scopes - everywhere}
        return Grants(everywhere, sites)

    def check_holds(self, touched: "Grants") -> None:
        """Keep its holder from raising themselves: nobody gives, takes or touches permissions that they lack.

        Args:
            touched: What is given, or what somebody who is changed has.

        Raises:
            BeyondOwnPermissions: Some of that is not held.
        """
        if ADMINISTER in self.everywhere:
            return
        missing = touched.everywhere - self.everywhere
        missing |= {
            name
            for name, ids in touched.sites.items()
            if name not in self.everywhere and not ids <= self.sites.get(name, frozenset())
        }
        if missing:
            raise BeyondOwnPermissions(missing)


def check_permissions(field: str, names: Iterable[str]) -> None:
    """Refuse names that are no permission.

    Args:
        field: Where they stand in the request.
        names: The names.

    Raises:
        InvalidInput: Some are none.
    """
    unknown = sorted(set(names) - set(PERMISSIONS))
    if unknown:
        known = ", ".join(sorted(PERMISSIONS))
        raise InvalidInput(
            [
                FieldViolation(field, f"{name!r} is no permission: there are {known}")
                for name in unknown
            ]
        )
