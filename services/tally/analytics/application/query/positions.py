"""Where a page of what happened begins."""

from collections.abc import Sequence
from datetime import datetime

from tally.kernel.paging import invalid_page_token, read_page_token


def read_position(token: str, query: Sequence[str]) -> tuple[datetime, str] | None:
    """The time and id of the last thing on the page before; None for the first page.

    Raises:
        InvalidInput: The token is none of this query's.
    """
    if not token:
        return None
    time, last_id = read_page_token(token, query, key_length=2)
    try:
        return datetime.fromisoformat(time), last_id
    except ValueError:
        raise invalid_page_token() from None
