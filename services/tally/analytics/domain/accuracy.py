"""How far counts can be trusted: what people counted beside what the camera counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from tally.analytics.domain.count_audit import LineTallies
from tally.analytics.domain.model import Direction

Z_95 = 1.959963984540054
"""The standard normal distribution's 97.5th percentile."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of trials with its 95 % Wilson score interval.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927). Unlike the usual
    normal one it stays within 0 and 1 and means something with few trials, or when all succeeded.

    Attributes:
        successes: How many trials succeeded.
        trials: How many there were, at least 1.
    """

    successes: int
    trials: int

    @property
    def value(self) -> float:
        """The share."""
        return self.successes / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and upper end."""
        shrink = 1 + Z_95**2 / self.trials
        centre = (self.value + Z_95**2 / (2 * self.trials)) / shrink
        spread = self.value * (1 - self.value) / self.trials + Z_95**2 / (4 * self.trials**2)
        half = Z_95 * sqrt(spread) / shrink
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums over samples.

    Attributes:
        value: The ratio.
        standard_error: From how samples differ; None with fewer than two.
    """

    value: float
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class CheckedSample:
    """A sample, counted twice.

    Attributes:
        true: What a person counted, by line and direction.
        counted: What the camera counted; lines and directions without crossings may be missing.
    """

    true: LineTallies
    counted: LineTallies


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far the counts of some cells can be trusted; a cell is one line and direction of one sample.

    Attributes:
        true: Crossings that people counted.
        counted: Crossings that the camera counted.
        absolute_error: The sum over cells of |counted − true|.
        matched: The sum over cells of the lesser of the two.
        count_ratio: `counted` for each of `true`; None if people counted none.
    """

    true: int
    counted: int
    absolute_error: int
    matched: int
    count_ratio: Ratio | None

    @property
    def recall(self) -> Proportion | None:
        """The share of the crossings that people counted which the camera counted too; None if they counted none."""
        return Proportion(self.matched, self.true) if self.true else None

    @property
    def precision(self) -> Proportion | None:
        """The share of the crossings that the camera counted which people counted too; None if it counted none."""
        return Proportion(self.matched, self.counted) if self.counted else None


def accuracy(samples: Sequence[CheckedSample], cells: Sequence[tuple[str, Direction]]) -> Accuracy:
    """Compare both counts.

    Figures do not tell who was counted, so within a cell as many crossings are taken for the same as can be: a miss and
    an invention on one line, in one direction and within one sample cancel. Short samples keep that rare.

    Args:
        samples: Each counted twice.
        cells: The lines and directions to compare; a sample whose audit had not such a line has none there.
    """
    pairs = [
        [(sample.true[cell], sample.counted.get(cell, 0)) for cell in cells if cell in sample.true]
        for sample in samples
    ]
    flat = [pair for sample in pairs for pair in sample]
    return Accuracy(
        true=sum(true for true, _ in flat),
        counted=sum(counted for _, counted in flat),
        absolute_error=sum(abs(counted - true) for true, counted in flat),
        matched=sum(min(pair) for pair in flat),
        count_ratio=_ratio(
            [(sum(t for t, _ in each), sum(c for _, c in each)) for each in pairs if each]
        ),
    )


def _ratio(samples: Sequence[tuple[int, int]]) -> Ratio | None:
    """The ratio estimator with its linearised variance (Cochran, Sampling Techniques, 1977, section 6.4).

    Args:
        samples: True and counted crossings of each.
    """
    true = sum(each for each, _ in samples)
    if not true:
        return None
    size, value = len(samples), sum(counted for _, counted in samples) / true
    if size < 2:
        return Ratio(value, None)
    squares = sum((counted - value * each) ** 2 for each, counted in samples)
    return Ratio(value, sqrt(size / (size - 1) * squares) / true)
