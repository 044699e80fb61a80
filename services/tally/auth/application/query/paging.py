"""Pages of lists that are ordered by one key."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tally.kernel.paging import page_token, read_page_token

DEFAULT_PAGE_SIZE = 50

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Some of the items.

    Attributes:
        items: In the list's order.
        next_page_token: Asks for those that follow; empty if none do.
    """

    items: Sequence[_T]
    next_page_token: str


async def page_of(
    query: tuple[str, str],
    page_size: int,
    token: str,
    read: Callable[[str, int], Awaitable[Sequence[_T]]],
) -> Page[_T]:
    """One page.

    Args:
        query: What is listed, and by which attribute.
        page_size: At most so many; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        read: Reads at most so many items that follow a key.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    size = page_size or DEFAULT_PAGE_SIZE
    (after,) = read_page_token(token, query, key_length=1) if token else ("",)
    found = await read(after, size + 1)
    shown = found[:size]
    if len(found) == len(shown):
        return Page(shown, "")
    return Page(shown, page_token(query, [getattr(shown[-1], query[1])]))
