"""A resume token carries a position and nothing else passes for one."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.realtime.domain.errors import ResumeTokenInvalid
from tally.realtime.domain.model import Position

UINT64 = st.integers(min_value=0, max_value=2**64 - 1)


@given(UINT64, UINT64)
def test_a_token_gives_back_its_position(stream: int, sequence: int) -> None:
    position = Position(stream, sequence)
    assert Position.from_token(position.token) == position


@pytest.mark.parametrize(
    "token",
    [
        "nonsense",
        "é",
        Position(1, 2).token[:-4],
        Position(1, 2).token + "AAAA",
        Position(1, 2).token + "!",
        urlsafe_b64encode(bytes(17)).decode(),
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(ResumeTokenInvalid) as caught:
        Position.from_token(token)
    assert caught.value.reason == "RESUME_TOKEN_INVALID"


@given(st.text())
def test_no_text_does_worse_than_being_refused(token: str) -> None:
    with pytest.raises(ResumeTokenInvalid):
        Position.from_token(token)
