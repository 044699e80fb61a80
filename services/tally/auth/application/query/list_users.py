"""Lists users."""

from dataclasses import dataclass

from tally.auth.application.query.paging import Page, page_of
from tally.auth.domain.model import User
from tally.auth.domain.ports import Begin

_QUERY = ("users", "email")


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists users by address, a page at a time."""

    begin: Begin

    async def __call__(self, page_size: int = 0, token: str = "") -> Page[User]:
        """One page; see `page_of`.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        async with self.begin() as work:
            return await page_of(_QUERY, page_size, token, work.users.page)
