"""The counting lines of the real recording's benchmark: where people walk, in all directions."""

from random import Random

from tally.counting import Line

LINES = (
    Line("vertical 0.25", ((0.25, 0.30), (0.25, 1.00))),
    Line("vertical 0.40", ((0.40, 0.30), (0.40, 1.00))),
    Line("vertical 0.60", ((0.60, 0.30), (0.60, 1.00))),
    Line("vertical 0.75", ((0.75, 0.30), (0.75, 1.00))),
    Line("horizontal 0.50", ((0.05, 0.50), (0.95, 0.50))),
    Line("horizontal 0.65", ((0.05, 0.65), (0.95, 0.65))),
    Line("diagonal down", ((0.20, 0.35), (0.80, 0.90))),
    Line("diagonal up", ((0.20, 0.90), (0.80, 0.35))),
)


def random_lines(count: int, seed: int = 1) -> tuple[Line, ...]:
    """Returns lines at least 0.3 long with ends anywhere in the part of the picture where people walk."""
    random = Random(seed)  # noqa: S311 - lines to measure with, not secrets
    lines: list[Line] = []
    while len(lines) < count:
        start, end = ((random.uniform(0.05, 0.95), random.uniform(0.3, 0.95)) for _ in range(2))
        if (end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2 >= 0.3**2:
            lines.append(Line(f"random {len(lines) + 1}", (start, end)))
    return tuple(lines)
