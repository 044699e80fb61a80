"""Creates a role."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants, Role, check_permissions
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True)
class CreateRole:
    """Creates a role."""

    begin: Begin
    clock: Clock

    async def __call__(
        self,
        role_id: str,
        display_name: str,
        permissions: frozenset[str],
        own: Grants,
        request: CreateRequest,
    ) -> Role:
        """The new role, or the one that the same request created before, as it is now.

        Args:
            role_id: Its id.
            display_name: What people are to call it.
            permissions: What it is to permit.
            own: What whoever creates it may do.
            request: What makes repeating it harmless.

        Raises:
            InvalidInput: Something is no permission.
            BeyondOwnPermissions: The role would permit more than `own`.
            RoleIdTaken: Another role has the id.
            RequestIdReused: The request id stands for a request with other content.
            RoleNotFound: The same request created a role that was deleted since.
        """
        check_permissions("role.permissions", permissions)
        own.check_holds(Grants(permissions))
        now = self.clock()
        role = Role(role_id, display_name, permissions, now, now)
        async with self.begin() as work:
            before = await work.create_requests.claim(request, role.id, now)
            if before is not None:
                return await work.roles.get(before)
            await work.roles.add(role)
        return role
