"""Hours, days, weeks and months are those of the clocks on the spot."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally.analytics.domain.calendar import cuts
from tally.analytics.domain.model import Granularity
from tally.analytics.domain.timespan import TimeSpan

HOUR = timedelta(hours=1)
PARIS, KOLKATA = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kolkata")
LORD_HOWE, HAVANA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Havana")
BEIRUT, APIA = ZoneInfo("Asia/Beirut"), ZoneInfo("Pacific/Apia")


def local(
    zone: ZoneInfo, first: str, last: str, granularity: Granularity = Granularity.DAY
) -> Sequence[str]:
    """Where local clocks cut a span, as they show it, with their offset."""
    start, end = (datetime.fromisoformat(each).replace(tzinfo=zone) for each in (first, last))
    found = cuts(TimeSpan(start, end), granularity, zone)
    return [f"{cut.astimezone(zone):%m-%dT%H:%M%z}" for cut in found]


def lengths(zone: ZoneInfo, first: str, last: str) -> Sequence[float]:
    """The lengths in hours of the days of a span."""
    start, end = (datetime.fromisoformat(each).replace(tzinfo=zone) for each in (first, last))
    edges = cuts(TimeSpan(start, end), Granularity.DAY, zone)
    return [(after - before) / HOUR for before, after in pairwise(edges)]


def test_what_is_cut_counts_whole() -> None:
    assert local(PARIS, "2026-03-01T09:59", "2026-03-01T10:01", Granularity.HOUR) == [
        "03-01T09:00+0100",
        "03-01T10:00+0100",
        "03-01T11:00+0100",
    ]
    assert local(PARIS, "2026-03-01T09:59", "2026-03-01T11:00", Granularity.TOTAL) == [
        "03-01T09:00+0100",
        "03-01T11:00+0100",
    ]
    assert local(KOLKATA, "2026-03-01T09:59", "2026-03-02T00:00") == [
        "03-01T00:00+0530",
        "03-02T00:00+0530",
    ]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert local(PARIS, "2026-12-30T12:00", "2027-01-11T00:01", Granularity.WEEK) == [
        "12-28T00:00+0100",
        "01-04T00:00+0100",
        "01-11T00:00+0100",
        "01-18T00:00+0100",
    ]
    assert local(PARIS, "2026-02-28T12:00", "2026-04-01T00:00", Granularity.MONTH) == [
        "02-01T00:00+0100",
        "03-01T00:00+0100",
        "04-01T00:00+0200",
    ]


@pytest.mark.parametrize(
    ("zone", "first", "last", "expected"),
    [
        (PARIS, "2026-03-28", "2026-03-31", [24, 23, 24]),
        (PARIS, "2026-10-24", "2026-10-27", [24, 25, 24]),
        (LORD_HOWE, "2026-04-04", "2026-04-07", [24, 24.5, 24]),
        (LORD_HOWE, "2026-10-03", "2026-10-06", [24, 23.5, 24]),
        (HAVANA, "2026-10-31", "2026-11-03", [24, 25, 24]),  # midnight comes twice
        (BEIRUT, "2026-03-28", "2026-03-31", [24, 23, 24]),  # midnight does not come
        (APIA, "2011-12-29", "2012-01-01", [24, 24]),  # a day does not come
    ],
)
def test_days_are_as_long_as_clocks_make_them(
    zone: ZoneInfo, first: str, last: str, expected: Sequence[float]
) -> None:
    assert lengths(zone, first, last) == expected


def test_an_hour_that_comes_twice_counts_twice_and_one_that_does_not_come_not_at_all() -> None:
    assert local(PARIS, "2026-10-25T01:00", "2026-10-25T04:00", Granularity.HOUR) == [
        "10-25T01:00+0200",
        "10-25T02:00+0200",
        "10-25T02:00+0100",
        "10-25T03:00+0100",
        "10-25T04:00+0100",
    ]
    assert local(PARIS, "2026-03-29T01:00", "2026-03-29T04:00", Granularity.HOUR) == [
        "03-29T01:00+0100",
        "03-29T03:00+0200",
        "03-29T04:00+0200",
    ]


def test_clocks_that_change_by_half_an_hour_cut_it() -> None:
    assert local(LORD_HOWE, "2026-04-05T01:00", "2026-04-05T03:00", Granularity.HOUR) == [
        "04-05T01:00+1100",
        "04-05T01:30+1030",
        "04-05T02:00+1030",
        "04-05T03:00+1030",
    ]
    after = cuts(
        TimeSpan(
            datetime(2026, 4, 4, 15, 10, tzinfo=UTC), datetime(2026, 4, 4, 15, 20, tzinfo=UTC)
        ),
        Granularity.HOUR,
        LORD_HOWE,
    )
    assert [f"{cut:%H:%M}" for cut in after] == ["15:00", "15:30"]


@given(
    st.integers(631_152_000, 2_840_140_800).map(partial(datetime.fromtimestamp, tz=UTC)),
    st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    st.sampled_from(Granularity),
    st.timezones(),
)
@settings(max_examples=50)
def test_cuts_enclose_the_span_ascend_and_lie_between_quarters(
    start: datetime, length: timedelta, granularity: Granularity, zone: ZoneInfo
) -> None:
    edges = cuts(TimeSpan(start, start + length), granularity, zone)
    assert edges[0] <= start < edges[1]
    assert edges[-2] < start + length <= edges[-1]
    assert all(before < after for before, after in pairwise(edges))
    assert all(edge.timestamp() % 900 == 0 for edge in edges)


def test_all_of_time_is_a_span() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    edges = cuts(TimeSpan(first, last), Granularity.TOTAL, KOLKATA)
    assert (edges[0].year, edges[-1].year) == (1, 9999)
    assert cuts(TimeSpan(first, first + HOUR), Granularity.MONTH, KOLKATA)
    assert cuts(TimeSpan(last - HOUR, last), Granularity.MONTH, KOLKATA)
