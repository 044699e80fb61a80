"""Spans of time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

_HOUR = timedelta(hours=1)
_LAST_HOUR = datetime.max.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From `start` until before `end`."""

    start: datetime
    end: datetime

    def in_whole_hours(self) -> Self:
        """The hours (UTC) that the span touches, whole; the calendar's last hour is left out."""
        end = _hour(self.end)
        if end < self.end:
            end = min(end, _LAST_HOUR - _HOUR) + _HOUR
        return type(self)(_hour(self.start), end)


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
