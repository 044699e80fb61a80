"""Makes the service accounts and keys that a deployment brings along."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from tally.auth.domain.access import RoleBinding
from tally.auth.domain.errors import ServiceAccountNameTaken
from tally.auth.domain.ports import Begin, UnitOfWork
from tally.auth.domain.service_accounts import ApiKey, ServiceAccount, prefix_of
from tally.kernel.clock import Clock

NAME = "from the deployment"
"""What people call a key that came with the deployment."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeploymentKey:
    """A key that a deployment brings along.

    Attributes:
        account: The service account's name; it is created if it is missing.
        role: The role that it gets then.
        scopes: What the key is limited to.
        text: The key.
    """

    account: str
    role: str
    scopes: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class EnsureKeys:
    """Makes what is missing; an account keeps one key of its deployment, the last that it brought."""

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, keys: Iterable[DeploymentKey]) -> None:
        """Make accounts and keys, and end the keys that they replace.

        Raises:
            RoleNotFound: There is no such role.
        """
        for key in keys:
            try:
                await self._ensure(key)
            except ServiceAccountNameTaken:
                await self._ensure(key)  # another server was faster

    async def _ensure(self, wanted: DeploymentKey) -> None:
        async with self.begin() as work:
            account = await self._account(work, wanted)
            known = await work.service_accounts.find_key(wanted.text)
            if known and (known.service_account_id, known.scopes) == (account.id, wanted.scopes):
                return
            replaced = [
                key for key in await work.service_accounts.keys(account.id) if key.name == NAME
            ]
            for key in [*replaced, *([known] if known else [])]:
                await work.service_accounts.remove_key(key.service_account_id, key.id)
            await work.service_accounts.add_key(
                ApiKey(
                    id=self.new_id(),
                    service_account_id=account.id,
                    name=NAME,
                    prefix=prefix_of(wanted.text),
                    scopes=wanted.scopes,
                    create_time=self.clock(),
                ),
                wanted.text,
            )
        _log.info("deployment_key_made", account=wanted.account)

    async def _account(self, work: UnitOfWork, wanted: DeploymentKey) -> ServiceAccount:
        account = await work.service_accounts.find(wanted.account)
        if account is not None:
            return await work.service_accounts.hold(account.id)
        bindings = frozenset({RoleBinding(wanted.role)})
        await work.roles.grants(bindings)
        now = self.clock()
        account = ServiceAccount(self.new_id(), wanted.account, bindings, now, now)
        await work.service_accounts.add(account)
        return account
