"""Lists the keys of a service account."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ApiKey


@dataclass(frozen=True, slots=True)
class ListApiKeys:
    """Lists the keys of a service account."""

    begin: Begin

    async def __call__(self, account_id: str) -> Sequence[ApiKey]:
        """All of them, newest first.

        Raises:
            ServiceAccountNotFound: There is no such account.
        """
        async with self.begin() as work:
            await work.service_accounts.get(account_id)
            return await work.service_accounts.keys(account_id)
