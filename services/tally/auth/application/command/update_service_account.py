"""Changes a service account."""

from dataclasses import dataclass

from tally.auth.domain.access import Grants
from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ServiceAccount, ServiceAccountChange
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class UpdateServiceAccount:
    """Changes a service account; its keys' next tokens permit what it may do then."""

    begin: Begin
    clock: Clock

    async def __call__(
        self, account_id: str, change: ServiceAccountChange, etag: str, own: Grants
    ) -> ServiceAccount:
        """The account after the change.

        Args:
            account_id: Which.
            change: What.
            etag: What the caller read; empty changes whatever is there.
            own: What whoever changes it may do.

        Raises:
            ServiceAccountNotFound: There is none.
            EtagMismatch: The account has changed since.
            RoleNotFound: A role is none.
            BeyondOwnPermissions: The account has, or would get, permissions that the caller lacks.
            ServiceAccountNameTaken: Another account has the name.
        """
        async with self.begin() as work:
            account = await work.service_accounts.hold(account_id)
            account.check_etag(etag)
            changed = account.changed(change, self.clock())
            touched = account.role_bindings | changed.role_bindings
            own.check_holds(await work.roles.grants(touched))
            await work.service_accounts.save(changed)
            return changed
