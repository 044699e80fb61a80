"""Lists what was done."""

from dataclasses import astuple, dataclass

from tally.auth.application.query.paging import DEFAULT_PAGE_SIZE, Page
from tally.auth.domain.audit import Entry, Wanted
from tally.auth.domain.ports import Begin
from tally.kernel.paging import invalid_page_token, page_token, read_page_token

_LONGEST = 18
"""Digits that every sequence number of the database has room for."""


@dataclass(frozen=True, slots=True)
class ListAuditEntries:
    """Lists entries, newest first, a page at a time."""

    begin: Begin

    async def __call__(self, wanted: Wanted, page_size: int = 0, token: str = "") -> Page[Entry]:
        """One page.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        query = ["audit_entries", *map(str, astuple(wanted))]
        async with self.begin() as work:
            found = await work.audit_log.newest(wanted, _before(token, query), size + 1)
        shown = found[:size]
        more = len(found) > len(shown)
        return Page(shown, page_token(query, [str(shown[-1].sequence)]) if more else "")


def _before(token: str, query: list[str]) -> int | None:
    if not token:
        return None
    (sequence,) = read_page_token(token, query, key_length=1)
    if not (sequence.isascii() and sequence.isdecimal() and len(sequence) <= _LONGEST):
        raise invalid_page_token()
    return int(sequence)
