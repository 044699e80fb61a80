"""Lists users."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.auth.domain.model import User
from tally.auth.domain.ports import Begin
from tally.kernel.paging import page_token, read_page_token

DEFAULT_PAGE_SIZE = 50
_QUERY = ("users", "email")


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some of the users.

    Attributes:
        users: In order of address.
        next_page_token: Asks for those that follow; empty if none do.
    """

    users: Sequence[User]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListUsers:
    """Lists users by address, a page at a time."""

    begin: Begin

    async def __call__(self, page_size: int = 0, token: str = "") -> UserPage:
        """One page.

        Args:
            page_size: At most so many users; 0 means 50.
            token: `next_page_token` of the page before; empty for the first page.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        (after,) = read_page_token(token, _QUERY, key_length=1) if token else ("",)
        async with self.begin() as work:
            found = await work.users.page(after, size + 1)
        shown = found[:size]
        if len(found) == len(shown):
            return UserPage(shown, "")
        return UserPage(shown, page_token(_QUERY, [shown[-1].email]))
