"""Hours, days, weeks and months as clocks on the spot show them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tally.analytics.domain.model import Granularity
from tally.analytics.domain.timespan import TimeSpan

_QUARTER = timedelta(minutes=15)
"""What every time zone's offset from UTC has been a multiple of since 1973."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

_FIRST = datetime.min.replace(tzinfo=UTC) + 62 * _DAY
_LAST = datetime.max.replace(tzinfo=UTC) - 62 * _DAY
"""Closer to the ends of the calendar, neighbouring months and other zones' dates do not exist."""

USUAL: Mapping[Granularity, timedelta] = {
    Granularity.HOUR: _HOUR,
    Granularity.DAY: _DAY,
    Granularity.WEEK: 7 * _DAY,
    Granularity.MONTH: 30 * _DAY,
}
"""About how long the spans of a granularity are."""

_Place = Callable[[date], date]
_DATES: Mapping[Granularity, tuple[_Place, _Place]] = {
    Granularity.DAY: (lambda day: day, lambda day: day + _DAY),
    Granularity.WEEK: (
        lambda day: day - day.weekday() * _DAY,
        lambda monday: monday + 7 * _DAY,
    ),
    Granularity.MONTH: (
        lambda day: day.replace(day=1),
        lambda first: (first + 31 * _DAY).replace(day=1),
    ),
}
"""The first day of the span that a day is in, and the first day of the span after that."""


def cuts(span: TimeSpan, granularity: Granularity, zone: ZoneInfo) -> Sequence[datetime]:
    """Where the clocks of a time zone cut a span.

    A day begins at its first midnight, or, where clocks jump over that, when they do. Weeks begin on Monday (ISO 8601).
    Clocks that change in the middle of an hour cut it.

    Args:
        span: What to cut.
        granularity: How finely; the total consists of whole hours.
        zone: Whose clocks.

    Returns:
        When each span begins that `span` touches, and when the last one ends; in UTC, ascending.
    """
    start, end = (
        min(max(moment, _FIRST), _LAST).astimezone(UTC) for moment in (span.start, span.end)
    )
    if granularity is Granularity.TOTAL:
        return [next(_hours(start, zone)), _until(end, _hours(end, zone))[-1]]
    if granularity is Granularity.HOUR:
        return _until(end, _hours(start, zone))
    return _until(end, _midnights(start, zone, *_DATES[granularity]))


def _until(end: datetime, begins: Iterator[datetime]) -> Sequence[datetime]:
    found = [next(begins)]
    while found[-1] < end:
        found.append(next(begins))
    return found


def _hours(moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """When the hour begins that a moment is in, and each hour after it."""
    local = moment.astimezone(zone)
    begin = moment - (local - local.replace(minute=0, second=0, microsecond=0))
    if begin.astimezone(zone).utcoffset() != local.utcoffset():
        begin = _change(begin, zone)
    while True:
        yield begin
        local = begin.astimezone(zone)
        full = begin + _HOUR - timedelta(minutes=local.minute)
        changed = full.astimezone(zone).utcoffset() != local.utcoffset()
        begin = _change(begin, zone) if changed else full


def _change(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks change next, which they do soon."""
    offset = moment.astimezone(zone).utcoffset()
    while moment.astimezone(zone).utcoffset() == offset:
        moment += _QUARTER
    return moment


def _midnights(
    moment: datetime, zone: ZoneInfo, first: _Place, following: _Place
) -> Iterator[datetime]:
    """When the span of days begins that a moment is in, and each one after it."""
    day = first(moment.astimezone(zone).date())
    before = _FIRST - _DAY
    while True:
        begin = datetime.combine(day, time(), zone).astimezone(UTC)
        if begin > before:  # or clocks jumped over the whole day
            yield begin
        before, day = begin, following(day)
