"""Deletes a role."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.errors import RoleBuiltIn, RoleInUse
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class DeleteRole:
    """Deletes a role that nobody holds."""

    begin: Begin

    async def __call__(self, role_id: str, etag: str, own: Grants) -> None:
        """Delete it.

        Raises:
            RoleNotFound: There is none.
            RoleBuiltIn: Every system has it.
            EtagMismatch: The role has changed since.
            BeyondOwnPermissions: The role permits more than `own`.
            RoleInUse: Somebody holds it.
        """
        async with self.begin() as work:
            role = await work.roles.hold(role_id)
            if role.built_in:
                raise RoleBuiltIn(role_id)
            role.check_etag(etag)
            own.check_holds(Grants(role.permissions))
            if await work.roles.held(role_id):
                raise RoleInUse(role_id)
            await work.roles.remove(role_id)
