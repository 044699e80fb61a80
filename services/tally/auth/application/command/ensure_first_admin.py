"""Creates the first super admin."""

from dataclasses import dataclass

import structlog

from tally.auth.application.command.create_user import CreateUser, NewUser
from tally.auth.domain.access import ADMINISTER, SUPER_ADMIN, Grants, RoleBinding
from tally.auth.domain.errors import EmailTaken
from tally.auth.domain.ports import Begin

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EnsureFirstAdmin:
    """Creates a super admin while there is none."""

    begin: Begin
    create_user: CreateUser

    async def __call__(self, email: str, password: str) -> None:
        """Create them, unless somebody administers already; nobody's password is ever changed.

        Raises:
            PasswordTooCommon: The password is among those that attackers try first.
            EmailTaken: A user with this address is there and does not administer.
        """
        async with self.begin() as work:
            if await work.users.hold_administrators():
                return
        wanted = NewUser(email, "Administrator", frozenset({RoleBinding(SUPER_ADMIN)}), password)
        try:
            await self.create_user(wanted, Grants(frozenset({ADMINISTER})))
        except EmailTaken:
            async with self.begin() as work:
                if not await work.users.hold_administrators():
                    raise
            return  # another server was faster
        _log.info("first_admin_created", email=email)
