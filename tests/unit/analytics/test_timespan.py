"""Ranges are answered in whole hours of UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tally.analytics.domain.timespan import TimeSpan


def at(hour: int, minute: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, microsecond=microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (at(9), at(10), at(9), at(10)),
        (at(9, 59), at(10, 1), at(9), at(11)),
        (at(9), at(10, 0, 1), at(9), at(11)),
        (at(9, 1), at(9, 2), at(9), at(10)),
    ],
)
def test_hours_that_are_cut_count_whole(
    start: datetime, end: datetime, first: datetime, last: datetime
) -> None:
    assert TimeSpan(start, end).in_whole_hours() == TimeSpan(first, last)


def test_hours_are_those_of_utc() -> None:
    nepal = timezone(timedelta(hours=5, minutes=45))
    start = datetime(2026, 3, 1, 14, 45, tzinfo=nepal)
    span = TimeSpan(start, start + timedelta(minutes=30)).in_whole_hours()
    assert (span.start, span.end) == (at(9), at(10))


def test_all_of_time_is_a_span() -> None:
    span = TimeSpan(
        datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    ).in_whole_hours()
    assert (span.start.year, span.end.year) == (1, 9999)
