"""Ends a key of a service account."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    """Ends a key: it gives no tokens any more."""

    begin: Begin

    async def __call__(self, account_id: str, key_id: str, own: Grants) -> None:
        """End it, if there is one.

        Raises:
            ServiceAccountNotFound: There is no such account.
            BeyondOwnPermissions: The account has permissions that the caller lacks.
        """
        async with self.begin() as work:
            account = await work.service_accounts.hold(account_id)
            own.check_holds(await work.roles.grants(account.role_bindings))
            await work.service_accounts.remove_key(account_id, key_id)
