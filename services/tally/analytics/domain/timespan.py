"""Spans of time."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From `start` until before `end`."""

    start: datetime
    end: datetime
