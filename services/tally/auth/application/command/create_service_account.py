"""Creates a service account."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.domain.access import Grants, RoleBinding
from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ServiceAccount
from tally.kernel.clock import Clock
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True)
class CreateServiceAccount:
    """Creates a service account without keys."""

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(
        self,
        name: str,
        role_bindings: frozenset[RoleBinding],
        own: Grants,
        request: CreateRequest,
    ) -> ServiceAccount:
        """The new account, or the one that the same request created before, as it is now.

        Args:
            name: What people are to call it.
            role_bindings: The roles that it gets.
            own: What whoever creates it may do.
            request: What makes repeating it harmless.

        Raises:
            RoleNotFound: A role is none.
            BeyondOwnPermissions: The roles permit more than that.
            ServiceAccountNameTaken: Another account has the name.
            RequestIdReused: The request id stands for a request with other content.
            ServiceAccountNotFound: The same request created an account that was deleted since.
        """
        now = self.clock()
        account = ServiceAccount(self.new_id(), name, role_bindings, now, now)
        async with self.begin() as work:
            own.check_holds(await work.roles.grants(role_bindings))
            before = await work.create_requests.claim(request, account.id, now)
            if before is not None:
                return await work.service_accounts.get(before)
            await work.service_accounts.add(account)
        return account
