"""Counted crossings beside true ones."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.accuracy.truth import Walk, true_crossings
from tally.counting import Crossing, Direction, Line


@dataclass(frozen=True, slots=True)
class Score:
    """One line and direction."""

    line: str
    direction: Direction
    true: int
    counted: int

    @property
    def error(self) -> int:
        """How many were counted too many, or negative, too few."""
        return self.counted - self.true


def score(walks: list[Walk], lines: Sequence[Line], crossings: Iterable[Crossing]) -> list[Score]:
    """Compares the crossings that were counted with the truth, per line and direction."""
    counted = Counter((crossing.line, crossing.direction) for crossing in crossings)
    return [
        Score(line.name, direction, true, counted[line.name, direction])
        for line in lines
        for direction, true in true_crossings(walks, line).items()
    ]


def relative_error(scores: Sequence[Score]) -> float:
    """Returns the sum of absolute errors per true crossing."""
    return sum(abs(one.error) for one in scores) / sum(one.true for one in scores)


def table(scores: Sequence[Score]) -> str:
    """Returns the scores as text, a line each, and their sum."""
    rows = [f"{'line':<18}{'direction':<11}{'true':>6}{'counted':>9}{'error':>7}"]
    rows += [
        f"{one.line:<18}{one.direction.value:<11}{one.true:>6}{one.counted:>9}{one.error:>+7}"
        for one in scores
    ]
    true, counted = sum(one.true for one in scores), sum(one.counted for one in scores)
    wrong = sum(abs(one.error) for one in scores)
    rows.append(
        f"{'all':<29}{true:>6}{counted:>9}{wrong:>7}  = {relative_error(scores):.3f} of true"
    )
    return "\n".join(rows)
