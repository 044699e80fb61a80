"""Ends one session."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.errors import SessionOfAnother
from tally.auth.domain.ports import Begin

MANAGE = "user:write"


@dataclass(frozen=True, slots=True)
class RevokeSession:
    """Ends a session: one's own, or that of somebody whom one may manage."""

    begin: Begin

    async def __call__(self, session_id: str, own_user_id: str, own: Grants) -> None:
        """End it, if there is one.

        Args:
            session_id: Which.
            own_user_id: Who ends it; empty for a service account.
            own: What they may do.

        Raises:
            SessionOfAnother: It is somebody else's, and the caller manages no users.
            BeyondOwnPermissions: It is somebody's who may do more than the caller.
        """
        async with self.begin() as work:
            session = await work.sessions.find(session_id)
            if session is None:
                return
            if session.user_id != own_user_id:
                if not own.include(MANAGE):
                    raise SessionOfAnother
                user = await work.users.get(session.user_id)
                own.check_holds(await work.roles.grants(user.role_bindings))
            await work.sessions.end(session_id)
