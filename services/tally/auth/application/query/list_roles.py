"""Lists roles."""

from dataclasses import dataclass

from tally.auth.application.query.paging import Page, page_of
from tally.auth.domain.access import Role
from tally.auth.domain.ports import Begin

_QUERY = ("roles", "id")


@dataclass(frozen=True, slots=True)
class ListRoles:
    """Lists roles by id, a page at a time."""

    begin: Begin

    async def __call__(self, page_size: int = 0, token: str = "") -> Page[Role]:
        """One page; see `page_of`.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        async with self.begin() as work:
            return await page_of(_QUERY, page_size, token, work.roles.page)
