"""Pauses between attempts."""

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Pauses that double from `first_s` to `longest_s`, shortened at random by up to half.

    Chance keeps those who failed together from trying again together.
    """

    first_s: float = 1.0
    longest_s: float = 30.0
    _failures: int = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        pause = min(self.first_s * 2.0 ** min(self._failures, 32), self.longest_s)
        self._failures += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not secrets

    def reset(self) -> None:
        """It worked: begin with short pauses again."""
        self._failures = 0
