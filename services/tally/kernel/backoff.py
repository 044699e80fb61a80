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
        self._failures += 1
        return pause_s(self._failures, self.first_s, self.longest_s)

    def reset(self) -> None:
        """It worked: begin with short pauses again."""
        self._failures = 0


def pause_s(failures: int, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many failures in a row, for who keeps their number elsewhere."""
    pause = min(first_s * 2.0 ** min(failures - 1, 32), longest_s)
    return pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not secrets
