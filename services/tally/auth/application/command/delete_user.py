"""Deletes a user."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.errors import LastSuperAdmin
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class DeleteUser:
    """Deletes a user with all their sessions."""

    begin: Begin

    async def __call__(self, user_id: str, etag: str, own: Grants) -> None:
        """Delete them.

        Raises:
            UserNotFound: There is none.
            EtagMismatch: The user has changed since.
            BeyondOwnPermissions: The user has permissions that the caller lacks.
            LastSuperAdmin: Nobody would administer any more.
        """
        async with self.begin() as work:
            administrators = await work.users.hold_administrators()
            user = await work.users.hold(user_id)
            user.check_etag(etag)
            own.check_holds(await work.roles.grants(user.role_bindings))
            if user.administers and len(administrators) == 1:
                raise LastSuperAdmin
            await work.users.remove(user_id)
