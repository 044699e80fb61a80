"""Reads one role."""

from dataclasses import dataclass

from tally.auth.domain.access import Role
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class GetRole:
    """Reads one role."""

    begin: Begin

    async def __call__(self, role_id: str) -> Role:
        """The role with this id.

        Raises:
            RoleNotFound: There is none.
        """
        async with self.begin() as work:
            return await work.roles.get(role_id)
