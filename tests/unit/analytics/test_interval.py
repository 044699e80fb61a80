"""Counts say how far they may be from the truth."""

from hypothesis import given
from hypothesis import strategies as st

from tally.analytics.domain.interval import PLAIN_DOUBT, CountInterval, count_interval

COUNTS = st.integers(0, 100_000)
SHARES = st.floats(0, 1)


def width(interval: CountInterval) -> int:
    return interval.high - interval.low


def test_nobody_counted_is_nobody() -> None:
    assert count_interval(0, 0.0) == CountInterval(0, 0)


def test_plain_crossings_are_as_good_as_chance_lets_them_be() -> None:
    assert count_interval(40, 40 * PLAIN_DOUBT) == CountInterval(38, 42)
    assert count_interval(4000, 4000 * PLAIN_DOUBT) == CountInterval(3980, 4020)


def test_crossings_in_a_crowd_err_together() -> None:
    assert count_interval(40, 40 * 0.06) == CountInterval(33, 47)
    assert count_interval(4000, 4000 * 0.06) == CountInterval(3398, 4602)


@given(COUNTS, SHARES)
def test_the_count_is_in_its_interval(count: int, share: float) -> None:
    interval = count_interval(count, share * count)
    assert 0 <= interval.low <= count <= interval.high


@given(COUNTS, SHARES, SHARES)
def test_more_doubt_is_never_a_narrower_interval(count: int, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert width(count_interval(count, less * count)) <= width(count_interval(count, more * count))


def test_few_crossings_are_relatively_more_uncertain_than_many() -> None:
    shares = [
        width(count_interval(count, count * PLAIN_DOUBT)) / count for count in (10, 100, 1000)
    ]
    assert shares == sorted(shares, reverse=True)
