"""What is kept, as use cases see it: collections that seem to be in memory (Fowler, *Repository*, 2002)."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

E = TypeVar("E")
V_co = TypeVar("V_co", covariant=True)
C_contra = TypeVar("C_contra", contravariant=True)


class Repository(Protocol[E]):
    """Entities of one kind, to change."""

    async def get(self, id_: str, /) -> E:
        """The entity with this id.

        Raises:
            NotFound: There is none.
        """

    async def save(self, entity: E, /) -> None:
        """Keep a new entity, or one that has changed since it was read."""


class Finder(Protocol[V_co, C_contra]):
    """Entities of one kind, to read."""

    async def get(self, id_: str, /) -> V_co:
        """The entity with this id.

        Raises:
            NotFound: There is none.
        """

    async def find_one(self, *conditions: C_contra) -> V_co | None:
        """One that meets all the conditions; None if there is none."""

    def find_all(self, *conditions: C_contra) -> AsyncIterator[V_co]:
        """Those that meet all the conditions."""

    async def count(self, *conditions: C_contra) -> int:
        """How many meet all the conditions."""
