"""In which hours of the week a camera counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_LONGEST_REST = timedelta(days=8)
"""Whoever counts once a week rests for less, unless clocks skip just these hours."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a weekday.

    Attributes:
        day: The day, from 1 for Monday to 7.
        begin_min: When it begins, in minutes after midnight as clocks on the spot show them.
        end_min: When it ends; 1440 is midnight.
    """

    day: int
    begin_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hours of the week.

    Clocks decide, whatever they do: where they are put forward, hours that they skip are nobody's, and where they are
    put back, an hour that they show twice is there twice.

    Attributes:
        zone: Whose clocks.
        spans: When the camera counts; at least one.
    """

    zone: ZoneInfo
    spans: tuple[Span, ...]

    def counts_at(self, moment: datetime) -> bool:
        """Whether the camera counts then."""
        local = moment.astimezone(self.zone)
        minutes = local.hour * 60 + local.minute
        return any(
            span.day == local.isoweekday() and span.begin_min <= minutes < span.end_min
            for span in self.spans
        )

    def change_after(self, moment: datetime) -> datetime | None:
        """The minute from which on it is otherwise than at `moment`; None if not within eight days."""
        now = self.counts_at(moment)
        minute = moment.replace(second=0, microsecond=0) + _MINUTE
        end = minute + _LONGEST_REST
        while minute < end:
            if self.counts_at(minute) is not now:
                return minute
            minute += _MINUTE
        return None
