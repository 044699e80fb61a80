"""Page tokens: where the next page begins, tied to the query that the pages belong to.

Pages are cut by key, not by offset: a token holds the sort key of the last row that was shown, so that
rows which come or go between two pages neither repeat nor hide others.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from tally.kernel.errors import FieldViolation, InvalidInput


def page_token(query: Sequence[str], key: Sequence[str]) -> str:
    """The opaque token for the page behind the row with the sort key `key`.

    Args:
        query: Everything that selects and orders the rows, without the page's size.
        key: Sort key of the last row shown.
    """
    # Escapes would make six letters of one, and contracts limit a token's length.
    text = json.dumps([_digest(query), *key], ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode()


def read_page_token(token: str, query: Sequence[str], key_length: int) -> tuple[str, ...]:
    """The sort key inside `token`.

    Args:
        token: As the caller sent it.
        query: As `page_token` got it.
        key_length: How many parts the sort key has.

    Raises:
        InvalidInput: The token was not made by `page_token` for this query.
    """
    try:
        parts = json.loads(urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, RecursionError):
        raise invalid_page_token() from None
    if (
        not isinstance(parts, list)
        or len(parts) != key_length + 1
        or not all(isinstance(part, str) for part in parts)
        or parts[0] != _digest(query)
    ):
        raise invalid_page_token()
    return tuple(parts[1:])


def invalid_page_token() -> InvalidInput:
    """What a caller gets for a token that this server did not make for this query."""
    return InvalidInput(
        [
            FieldViolation(
                "page_token",
                "is not a next_page_token of this query: repeat the query without one",
            )
        ],
        reason="PAGE_TOKEN_INVALID",
    )


def _digest(query: Sequence[str]) -> str:
    return blake2b(json.dumps(list(query)).encode(), digest_size=6).hexdigest()
