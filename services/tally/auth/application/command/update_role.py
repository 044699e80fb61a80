"""Changes a role."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants, Role, RoleChange, check_permissions
from tally.auth.domain.errors import RoleBuiltIn
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class UpdateRole:
    """Changes a role; the next tokens of who holds it permit what it permits then."""

    begin: Begin
    clock: Clock

    async def __call__(self, role_id: str, change: RoleChange, etag: str, own: Grants) -> Role:
        """The role after the change.

        Args:
            role_id: Which.
            change: What.
            etag: What the caller read; empty changes whatever is there.
            own: What whoever changes it may do.

        Raises:
            RoleNotFound: There is none.
            RoleBuiltIn: Every system has it.
            EtagMismatch: The role has changed since.
            InvalidInput: Something is no permission.
            BeyondOwnPermissions: The role permits, or would permit, more than `own`.
        """
        check_permissions("role.permissions", change.permissions or frozenset())
        async with self.begin() as work:
            role = await work.roles.hold(role_id)
            if role.built_in:
                raise RoleBuiltIn(role_id)
            role.check_etag(etag)
            changed = role.changed(change, self.clock())
            own.check_holds(Grants(role.permissions | changed.permissions))
            await work.roles.save(changed)
            return changed
