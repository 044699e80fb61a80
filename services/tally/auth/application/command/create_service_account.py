"""Creates a service account."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.domain.access import Grants, RoleBinding
from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ServiceAccount
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class CreateServiceAccount:
    """Creates a service account without keys."""

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(
        self, name: str, role_bindings: frozenset[RoleBinding], own: Grants
    ) -> ServiceAccount:
        """The new account.

        Args:
            name: What people are to call it.
            role_bindings: The roles that it gets.
            own: What whoever creates it may do.

        Raises:
            RoleNotFound: A role is none.
            BeyondOwnPermissions: The roles permit more than that.
            ServiceAccountNameTaken: Another account has the name.
        """
        now = self.clock()
        account = ServiceAccount(self.new_id(), name, role_bindings, now, now)
        async with self.begin() as work:
            own.check_holds(await work.roles.grants(role_bindings))
            await work.service_accounts.add(account)
        return account
