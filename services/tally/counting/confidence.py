"""How likely a crossing happened, by what was seen of it.

`python -m benchmarks confidence` counts, on synthetic worlds with exact truth, which crossings were true, and fits
the log-odds below (logistic regression); it also shows how well they fit.
"""

from math import exp
from typing import Final

from tally.counting.events import Evidence

LONG_GAP_S: Final = 0.5
"""A passage during a longer time out of sight is called interpolated."""

# Bits, because compiled code keeps them.
SEEN_ON_BOTH_SIDES: Final = 1
BORN_NEAR: Final = 2
ENDED_NEAR: Final = 4
INTERPOLATED: Final = 8
STITCHED: Final = 16
LOW_SCORE: Final = 32
EXTRAPOLATED: Final = 64

_EVIDENCE: Final = {
    SEEN_ON_BOTH_SIDES: Evidence.SEEN_ON_BOTH_SIDES,
    BORN_NEAR: Evidence.BORN_NEAR,
    ENDED_NEAR: Evidence.ENDED_NEAR,
    INTERPOLATED: Evidence.INTERPOLATED,
    STITCHED: Evidence.STITCHED,
    LOW_SCORE: Evidence.LOW_SCORE,
    EXTRAPOLATED: Evidence.EXTRAPOLATED,
}
_LOG_ODDS: Final = {
    SEEN_ON_BOTH_SIDES: 3.0,
    BORN_NEAR: 2.2,
    ENDED_NEAR: 0.7,
    INTERPOLATED: -0.7,
    STITCHED: -1.0,
    LOW_SCORE: -0.1,
    EXTRAPOLATED: -0.8,
}


def told_evidence(bits: int) -> tuple[Evidence, ...]:
    """Returns what the bits stand for."""
    return tuple(evidence for bit, evidence in _EVIDENCE.items() if bits & bit)


def confidence(bits: int) -> float:
    """Returns the share of crossings with this evidence that are true."""
    return 1 / (1 + exp(-sum(odds for bit, odds in _LOG_ODDS.items() if bits & bit)))
