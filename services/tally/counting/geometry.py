"""Lines and zones as a user draws them, in coordinates relative to the frame (x right, y down)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations, pairwise
from math import hypot, inf, isfinite

from tally.counting.events import Direction

Point = tuple[float, float]

MOST_POINTS = 16
"""Of a line."""

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
class Pair:
    """The other line of a pair (tripwires), which tells how fast objects are.

    Attributes:
        line: Its name.
        metres: How far it is away, on the way that objects take.

    Raises:
        ValueError: The distance is not positive.
    """

    line: str
    metres: float

    def __post_init__(self) -> None:
        if not 0 < self.metres < inf:
            raise ValueError(f"the line {self.line!r} cannot be {self.metres} m away")


@dataclass(frozen=True, slots=True)
class Line:
    """A directed counting line through two points or more.

    With side(q) = sign((x2 − x1)(yq − y1) − (y2 − y1)(xq − x1)) at the segment nearest to q, an object that
    passes a segment from the negative to the positive side goes in, one that passes the other way goes out.
    Who passes beyond an end has not crossed. To tell the sides there, the first and the last segment are
    thought on for ever.

    Attributes:
        name: Unique among the lines of an engine.
        points: The line's ends and, between them, its corners.
        anchor: Which point of an object must cross.
        in_name: What `in` is called where people see it.
        out_name: What `out` is called.
        u_turn_s: Whoever comes back over the line within this time counts neither way; so that crossings are
            told this much later. 0 counts both ways at once.
        pair: A line whose distance is known; one of the two names the other.

    Raises:
        ValueError: Fewer than 2 points or more than 16, a coordinate that is not finite, a segment without
            length, segments that cross or touch, or a negative time.
    """

    name: str
    points: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT
    in_name: str = "in"
    out_name: str = "out"
    u_turn_s: float = 0.0
    pair: Pair | None = None

    def __post_init__(self) -> None:
        subject = f"line {self.name!r}"
        if not 2 <= len(self.points) <= MOST_POINTS:
            raise ValueError(
                f"{subject} has {len(self.points)} points: draw two, or up to {MOST_POINTS}"
            )
        _check_finite(subject, self.points)
        segments = tuple(pairwise(self.points))
        if any(hypot(b[0] - a[0], b[1] - a[1]) < _SMALLEST_LENGTH for a, b in segments):
            raise ValueError(f"{subject} has no length somewhere: move its points apart")
        if meeting := _meeting_sides(segments, closed=False):
            raise ValueError(
                f"{subject} crosses itself: the segments after points {meeting[0] + 1} and "
                f"{meeting[1] + 1} meet; draw a way round as a zone"
            )
        if not 0 <= self.u_turn_s < inf:
            raise ValueError(f"{subject} cannot wait {self.u_turn_s} s for people to come back")

    def direction_name(self, direction: Direction) -> str:
        """What a direction is called at this line."""
        return self.in_name if direction is Direction.IN else self.out_name


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in which presence is counted. The last corner joins the first.

    Attributes:
        name: Unique among the zones of an engine.
        polygon: Its corners.
        anchor: Which point of an object must be inside.
        loitering_s: Whoever stays longer than this is told of; infinite: nobody is.
        queue: Whether people wait here, so that it is told for how long.
        restricted: Whether nobody may be here, so that each entry is told as an intrusion as well.

    Raises:
        ValueError: Fewer than three corners, a coordinate that is not finite, no area, sides that
            cross or touch one another, or a time that is not positive.
    """

    name: str
    polygon: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT
    loitering_s: float = inf
    queue: bool = False
    restricted: bool = False

    def __post_init__(self) -> None:
        subject = f"zone {self.name!r}"
        _check_polygon(subject, self.polygon)
        if not self.loitering_s > 0:
            raise ValueError(f"{subject} cannot have people loiter after {self.loitering_s} s")


@dataclass(frozen=True, slots=True)
class Mask:
    """A polygon in which nothing counts: whatever is detected there is ignored.

    Attributes:
        polygon: Its corners; the last joins the first.
        anchor: Which point of an object must be inside.

    Raises:
        ValueError: As for zones.
    """

    polygon: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT

    def __post_init__(self) -> None:
        _check_polygon("mask", self.polygon)


def _check_polygon(subject: str, corners: tuple[Point, ...]) -> None:
    if len(corners) < 3:
        raise ValueError(f"{subject} has {len(corners)} corners: draw at least three")
    _check_finite(subject, corners)
    if abs(_signed_area(corners)) < _SMALLEST_AREA:
        raise ValueError(f"{subject} encloses no area: place its corners around what it is to hold")
    if meeting := _meeting_sides((*pairwise(corners), (corners[-1], corners[0])), closed=True):
        raise ValueError(
            f"{subject} crosses itself: the sides after corners {meeting[0] + 1} and "
            f"{meeting[1] + 1} meet; order the corners so that they go round it once"
        )


def _check_finite(subject: str, points: tuple[Point, ...]) -> None:
    for x, y in points:
        if not (isfinite(x) and isfinite(y)):
            raise ValueError(f"{subject} has the point ({x}, {y}): give finite numbers from 0 to 1")


def _signed_area(corners: tuple[Point, ...]) -> float:
    following = (*corners[1:], corners[0])
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True)) / 2


def _meeting_sides(sides: Sequence[tuple[Point, Point]], *, closed: bool) -> tuple[int, int] | None:
    """Returns the first two sides, by their first corners, that meet other than in a shared corner.

    Args:
        sides: Each begins where the one before ends.
        closed: Whether the first one begins where the last one ends, too.
    """
    for (i, (a, b)), (j, (c, d)) in combinations(enumerate(sides), 2):
        if j == i + 1:
            meet = _doubles_back(a, b, d)
        elif closed and j - i == len(sides) - 1:
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
