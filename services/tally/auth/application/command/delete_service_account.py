"""Deletes a service account."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class DeleteServiceAccount:
    """Deletes a service account with all its keys."""

    begin: Begin

    async def __call__(self, account_id: str, etag: str, own: Grants) -> None:
        """Delete it.

        Raises:
            ServiceAccountNotFound: There is none.
            EtagMismatch: The account has changed since.
            BeyondOwnPermissions: The account has permissions that the caller lacks.
        """
        async with self.begin() as work:
            account = await work.service_accounts.hold(account_id)
            account.check_etag(etag)
            own.check_holds(await work.roles.grants(account.role_bindings))
            await work.service_accounts.remove(account_id)
