"""Lists service accounts."""

from dataclasses import dataclass

from tally.auth.application.query.paging import Page, page_of
from tally.auth.domain.ports import Begin
from tally.auth.domain.service_accounts import ServiceAccount

_QUERY = ("service_accounts", "name")


@dataclass(frozen=True, slots=True)
class ListServiceAccounts:
    """Lists service accounts by name, a page at a time."""

    begin: Begin

    async def __call__(self, page_size: int = 0, token: str = "") -> Page[ServiceAccount]:
        """One page; see `page_of`.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        async with self.begin() as work:
            return await page_of(_QUERY, page_size, token, work.service_accounts.page)
