"""What is known of a key without its text, and when that is written."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from tally.auth.domain.service_accounts import KEY_TEXT, ApiKey, key_text, prefix_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def key(expire_time: datetime | None = None, last_use_time: datetime | None = None) -> ApiKey:
    return ApiKey(
        id="0190a5b2-0000-7000-8000-000000000001",
        service_account_id="0190a5b2-0000-7000-8000-000000000002",
        name="nightly",
        prefix="tally_abcdefgh",
        scopes=frozenset(),
        create_time=NOW - timedelta(days=1),
        expire_time=expire_time,
        last_use_time=last_use_time,
    )


def test_a_key_is_recognised_by_a_part_that_is_no_secret() -> None:
    secret = secrets.token_urlsafe()
    text = key_text(secret)
    assert KEY_TEXT.fullmatch(text)
    assert prefix_of(text) == f"tally_{secret[:8]}"
    assert text.removeprefix(prefix_of(text)) == f"_{secret[8:]}"


@pytest.mark.parametrize("text", ["", "a" * 50, "tally_abcdefgh_short", key_text("a b" * 20)])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not KEY_TEXT.fullmatch(text)


def test_a_key_holds_until_its_end() -> None:
    assert key().holds(NOW)
    assert key(expire_time=NOW).holds(NOW - MOMENT)
    assert not key(expire_time=NOW).holds(NOW)


def test_use_is_written_once_a_minute() -> None:
    assert key().use_is_news(NOW)
    assert not key(last_use_time=NOW).use_is_news(NOW + timedelta(minutes=1) - MOMENT)
    assert key(last_use_time=NOW).use_is_news(NOW + timedelta(minutes=1))
