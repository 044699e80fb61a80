"""Reads one service account."""

from dataclasses import dataclass

from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ServiceAccount


@dataclass(frozen=True, slots=True)
class GetServiceAccount:
    """Reads one service account."""

    begin: Begin

    async def __call__(self, account_id: str) -> ServiceAccount:
        """The account with this id.

        Raises:
            ServiceAccountNotFound: There is none.
        """
        async with self.begin() as work:
            return await work.service_accounts.get(account_id)
