"""Hours of the week, on somebody's clocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from tally.kernel.errors import FieldViolation


class Weekday(IntEnum):
    """A day of the week, numbered as ISO 8601 does."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """A span of one weekday.

    Attributes:
        day: The day.
        opens: When it begins, as `HH:MM`.
        closes: When it ends, later on the same day; `24:00` at midnight.
    """

    day: Weekday
    opens: str
    closes: str


def time_zone_violations(field: str, name: str) -> Iterator[FieldViolation]:
    """What is wrong with the name of a time zone."""
    if name not in _time_zones():
        yield FieldViolation(
            field, "is no time zone of the IANA database: write one like Europe/Paris"
        )


def hours_violations(field: str, end: str, hours: Sequence[Hours]) -> Iterator[FieldViolation]:
    """What is wrong with hours.

    Args:
        field: Where the contract has them.
        end: What the contract calls the end of one.
        hours: In any order.
    """
    for index, each in enumerate(hours):
        if each.closes <= each.opens:
            yield FieldViolation(
                f"{field}[{index}].{end}",
                "is not after it begins: split what goes on past midnight at 24:00",
            )
    for first, second in pairwise(sorted(hours)):
        if first.day is second.day and second.opens < first.closes:
            yield FieldViolation(field, f"overlap on {first.day.name.lower()}: join them")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
