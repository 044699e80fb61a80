"""Creates a key of a service account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tally.auth.domain.access import Grants, check_permissions
from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ApiKey, key_text, prefix_of
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """What a key is to be.

    Attributes:
        service_account_id: Whose.
        name: What people are to call it.
        scopes: What it is to be limited to; none: all that its account may do.
        expire_time: When it is to end by itself; None: never.
    """

    service_account_id: str
    name: str
    scopes: frozenset[str]
    expire_time: datetime | None


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """Creates a key. Its text is given out once and never kept."""

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]
    new_secret: Callable[[], str]

    async def __call__(self, wanted: NewApiKey, own: Grants) -> tuple[ApiKey, str]:
        """The new key and its text.

        Args:
            wanted: What it is to be.
            own: What whoever creates it may do.

        Raises:
            ServiceAccountNotFound: There is no such account.
            InvalidInput: A scope is no permission.
            BeyondOwnPermissions: The key would permit what the caller may not do.
        """
        check_permissions("scopes", wanted.scopes)
        text = key_text(self.new_secret())
        key = ApiKey(
            id=self.new_id(),
            service_account_id=wanted.service_account_id,
            name=wanted.name,
            prefix=prefix_of(text),
            scopes=wanted.scopes,
            create_time=self.clock(),
            expire_time=wanted.expire_time,
        )
        async with self.begin() as work:
            account = await work.service_accounts.hold(wanted.service_account_id)
            own.check_holds(await work.roles.grants(account.role_bindings))
            await work.service_accounts.add_key(key, text)
        return key, text
