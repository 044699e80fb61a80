"""Page tokens carry a sort key between two calls of one query, and nothing else passes for one."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.kernel.errors import InvalidInput
from tally.kernel.paging import page_token, read_page_token

QUERY = ["camera", "line"]


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_a_token_gives_back_its_key(query: list[str], key: list[str]) -> None:
    assert read_page_token(page_token(query, key), query, len(key)) == tuple(key)


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "é",
        page_token(["another", "query"], ["a"]),
        page_token(QUERY, ["a", "b"]),
        urlsafe_b64encode(b"[1, 2]").decode(),
        urlsafe_b64encode(b"{}").decode(),
        urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_page_token(token, QUERY, 1)
    assert caught.value.reason == "PAGE_TOKEN_INVALID"
    assert [violation.field for violation in caught.value.violations] == ["page_token"]


@given(st.text())
def test_no_text_does_worse_than_being_refused(token: str) -> None:
    with pytest.raises(InvalidInput):
        read_page_token(token, QUERY, 1)
