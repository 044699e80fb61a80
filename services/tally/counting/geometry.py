"""Lines and zones as a user draws them, in coordinates relative to the frame (x right, y down)."""

from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from math import hypot, isfinite

Point = tuple[float, float]

_SMALLEST_LENGTH = 1e-6
_SMALLEST_AREA = 1e-9


class Anchor(Enum):
    """The point of a box that crosses lines and enters zones."""

    FOOT = "foot"
    CENTRE = "centre"
    HEAD = "head"

    @property
    def offset(self) -> float:
        """Where the anchor lies below the top of the box, in box heights."""
        return {Anchor.FOOT: 1.0, Anchor.CENTRE: 0.5, Anchor.HEAD: 0.0}[self]


@dataclass(frozen=True, slots=True)
class Line:
    """A directed counting line.

    With side(q) = sign((x2 − x1)(yq − y1) − (y2 − y1)(xq − x1)), an object that passes from the negative
    to the positive side between the ends of the line goes in, one that passes the other way goes out.

    Raises:
        ValueError: A coordinate is not finite or the ends are the same point.
    """

    name: str
    start: Point
    end: Point
    anchor: Anchor = Anchor.FOOT

    def __post_init__(self) -> None:
        _check_finite(f"line {self.name!r}", (self.start, self.end))
        if hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]) < _SMALLEST_LENGTH:
            raise ValueError(f"line {self.name!r} has no length: move its end away from its start")


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in which presence is counted. The last corner joins the first.

    Raises:
        ValueError: Fewer than three corners, a coordinate that is not finite, no area, or sides that
            cross or touch one another.
    """

    name: str
    polygon: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT

    def __post_init__(self) -> None:
        subject = f"zone {self.name!r}"
        corners = self.polygon
        if len(corners) < 3:
            raise ValueError(f"{subject} has {len(corners)} corners: draw at least three")
        _check_finite(subject, corners)
        if abs(_signed_area(corners)) < _SMALLEST_AREA:
            raise ValueError(f"{subject} encloses no area: place its corners around the zone")
        if meeting := _meeting_sides(corners):
            raise ValueError(
                f"{subject} crosses itself: the sides after corners {meeting[0] + 1} and "
                f"{meeting[1] + 1} meet; order the corners so that they go round the zone once"
            )


def _check_finite(subject: str, points: tuple[Point, ...]) -> None:
    for x, y in points:
        if not (isfinite(x) and isfinite(y)):
            raise ValueError(f"{subject} has the point ({x}, {y}): give finite numbers from 0 to 1")


def _signed_area(corners: tuple[Point, ...]) -> float:
    following = (*corners[1:], corners[0])
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True)) / 2


def _meeting_sides(corners: tuple[Point, ...]) -> tuple[int, int] | None:
    """Returns the first two sides, by their first corners, that meet other than in a shared corner."""
    sides = list(enumerate(zip(corners, (*corners[1:], corners[0]), strict=True)))
    for (i, (a, b)), (j, (c, d)) in combinations(sides, 2):
        if j == i + 1:
            meet = _doubles_back(a, b, d)
        elif j - i == len(sides) - 1:
            meet = _doubles_back(c, a, b)
        else:
            meet = _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0
            # Sides on one straight line pass the test above even when they are apart.
            meet = meet and _boxes_overlap(a, b, c, d)
        if meet:
            return i, j
    return None


def _turn(a: Point, b: Point, c: Point) -> int:
    """Returns to which side of the way from `a` to `b` the point `c` lies: 1, −1, or 0 for on it."""
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0) - (cross < 0)


def _doubles_back(a: Point, corner: Point, b: Point) -> bool:
    """Returns whether the way from `a` over `corner` to `b` turns right round at the corner."""
    ahead = (a[0] - corner[0]) * (b[0] - corner[0]) + (a[1] - corner[1]) * (b[1] - corner[1])
    return _turn(a, corner, b) == 0 and ahead > 0


def _boxes_overlap(a: Point, b: Point, c: Point, d: Point) -> bool:
    return all(
        max(a[k], b[k]) >= min(c[k], d[k]) and max(c[k], d[k]) >= min(a[k], b[k]) for k in (0, 1)
    )
