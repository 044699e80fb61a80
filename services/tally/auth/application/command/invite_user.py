"""Invites somebody to register."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tally.auth.domain.access import Grants, RoleBinding
from tally.auth.domain.errors import EmailTaken
from tally.auth.domain.events import UserInvited
from tally.auth.domain.one_time_tokens import INVITATION_LIFETIME, OneTimeToken, Purpose
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class InviteUser:
    """Has an invitation sent; it replaces an earlier one to the same address."""

    begin: Begin
    clock: Clock
    new_secret: Callable[[], str]

    async def __call__(
        self, email: str, role_bindings: frozenset[RoleBinding], own: Grants
    ) -> datetime:
        """When the invitation ends.

        Args:
            email: Who is invited.
            role_bindings: The roles that they get.
            own: What whoever invites them may do.

        Raises:
            RoleNotFound: A role is none.
            BeyondOwnPermissions: The roles, or those of the invitation that is replaced, permit more than `own`.
            EmailTaken: They are a user already.
        """
        email = email.strip().lower()
        now, text = self.clock(), self.new_secret()
        ends = now + INVITATION_LIFETIME
        async with self.begin() as work:
            earlier = await work.one_time_tokens.sent_to(Purpose.INVITATION, email)
            touched = role_bindings | (earlier.role_bindings if earlier else frozenset())
            own.check_holds(await work.roles.grants(touched))
            if await work.users.find(email) is not None:
                raise EmailTaken(email)
            token = OneTimeToken(Purpose.INVITATION, email, ends, role_bindings)
            await work.one_time_tokens.add(token, text)
            await work.events.add(UserInvited(email, text, ends), now)
        return ends
