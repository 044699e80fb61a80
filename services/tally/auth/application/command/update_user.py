"""Changes a user."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.errors import LastSuperAdmin
from tally.auth.domain.model import User, UserChange
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """Changes a user; other rights take effect at their next login, which they need at once."""

    begin: Begin
    clock: Clock

    async def __call__(self, user_id: str, change: UserChange, etag: str, own: Grants) -> User:
        """The user after the change.

        Args:
            user_id: Who.
            change: What.
            etag: What the caller read; empty changes whatever is there.
            own: What whoever changes them may do.

        Raises:
            UserNotFound: There is none.
            RoleNotFound: A role is none.
            EtagMismatch: The user has changed since.
            BeyondOwnPermissions: The user has, or would get, permissions that the caller lacks.
            LastSuperAdmin: Nobody would administer any more.
        """
        async with self.begin() as work:
            # Administrators first: everybody locks in the same order.
            administrators = await work.users.hold_administrators()
            user = await work.users.hold(user_id)
            user.check_etag(etag)
            changed = user.changed(change, self.clock())
            own.check_holds(await work.roles.grants(user.role_bindings | changed.role_bindings))
            if user.administers and not changed.administers and len(administrators) == 1:
                raise LastSuperAdmin
            await work.users.save(changed)
            if changed.disabled or changed.role_bindings != user.role_bindings:
                await work.sessions.end_all(user.id)
            return changed
