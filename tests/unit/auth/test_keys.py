"""Signing keys: published before they sign, and until nothing that they signed is valid any more."""

from datetime import UTC, datetime, timedelta

from tally.auth.domain.keys import (
    PUBLISHED_AHEAD,
    PUBLISHED_BEHIND,
    SIGNING_PERIOD,
    SigningKey,
    retired,
    signing,
    successor_from,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST = SigningKey("first", b"", START)
SECOND = SigningKey("second", b"", START + SIGNING_PERIOD)
MOMENT = timedelta(microseconds=1)


def test_the_first_key_signs_at_once() -> None:
    assert successor_from([], START) == START


def test_a_successor_is_made_ahead_of_its_time() -> None:
    due = START + SIGNING_PERIOD
    assert successor_from([FIRST], due - PUBLISHED_AHEAD - MOMENT) is None
    assert successor_from([FIRST], due - PUBLISHED_AHEAD) == due
    assert successor_from([FIRST, SECOND], due) is None


def test_a_late_successor_is_still_published_before_it_signs() -> None:
    late = START + 3 * SIGNING_PERIOD
    assert successor_from([FIRST], late) == late + PUBLISHED_AHEAD


def test_the_old_key_signs_until_the_new_one_does() -> None:
    keys = [FIRST, SECOND]
    assert signing(keys, SECOND.signs_from - MOMENT) is FIRST
    assert signing(keys, SECOND.signs_from) is SECOND


def test_a_key_is_retired_when_its_last_token_has_expired() -> None:
    keys = [FIRST, SECOND]
    assert retired(keys, SECOND.signs_from + PUBLISHED_BEHIND - MOMENT) == []
    assert retired(keys, SECOND.signs_from + PUBLISHED_BEHIND) == [FIRST]
    assert retired([FIRST], START + 100 * SIGNING_PERIOD) == []
