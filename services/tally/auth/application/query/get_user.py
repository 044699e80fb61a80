"""Reads one user."""

from dataclasses import dataclass

from tally.auth.domain.model import User
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class GetUser:
    """Reads one user."""

    begin: Begin

    async def __call__(self, user_id: str) -> User:
        """The user with this id.

        Raises:
            UserNotFound: There is none.
        """
        async with self.begin() as work:
            return await work.users.get(user_id)
