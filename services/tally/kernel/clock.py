"""Time as a dependency, so that code which waits or stamps can be tested without waiting."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment as an aware UTC datetime."""


def utc_now() -> datetime:
    """The system clock."""
    return datetime.now(UTC)
