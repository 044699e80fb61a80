"""How far the number of those who truly passed may be from the number that was counted."""

from dataclasses import dataclass
from math import ceil, floor, sqrt

_DEVIATIONS = 1.96
"""Of a normal distribution, 95 % lie within so many standard deviations."""

PLAIN_DOUBT = 0.047
"""How much a crossing is doubted that was plainly seen on both sides of its line."""

# Fitted on synthetic worlds: `python -m benchmarks intervals`.
CHANCE = 0.52
MISSED_PER_DOUBT = 5.9


@dataclass(frozen=True, slots=True)
class CountInterval:
    """The true number is from `low` to `high`, in 95 of 100 cases."""

    low: int
    high: int


def variance(count: float, doubt: float) -> float:
    """The expected square of the difference between a count and the truth.

    Two things add up. Errors that have nothing to do with one another grow with the number of doubted
    crossings, as their variance does. Errors of a view that is crowded or badly seen go one way and add up for as
    long as it is; such a view shows in crossings being doubted more than those in plain view are.

    Args:
        count: How many crossings were counted.
        doubt: How many of them are expected to be false: the sum of 1 - confidence.
    """
    excess = max(doubt - PLAIN_DOUBT * count, 0.0)
    return CHANCE * doubt + (MISSED_PER_DOUBT * excess) ** 2


def count_interval(count: int, doubt: float) -> CountInterval:
    """The 95 % interval of the true number of crossings in the time that was watched; see `variance`."""
    margin = _DEVIATIONS * sqrt(variance(count, doubt))
    return CountInterval(max(floor(count - margin), 0), ceil(count + margin))
