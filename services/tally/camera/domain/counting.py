"""What a camera counts, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import combinations, pairwise

from tally.camera.domain.hours import Hours

MIN_ZONE_AREA = 1e-6
"""Smallest area of a zone, in pictures: one pixel of a picture of a million."""
MIN_TRIANGLE = 1e-6
"""Least area, twice, that three places of a calibration enclose, in pictures or square metres."""


class Anchor(Enum):
    """Which point of an object's box decides where the object is."""

    FOOT = "foot"
    CENTRE = "centre"
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the picture, relative to its size: x to the right, y down, both 0..1."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class LinePair:
    """The other line of a pair, and how far it is away in metres."""

    line: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class Line:
    """A directed counting line; crossing it from left to right, as seen from its first point, is `in`.

    Attributes:
        name: Unique within the camera.
        points: The line's ends and, between them, its corners.
        anchor: Which point of an object must cross.
        in_name: What people call going in; empty: `in`.
        out_name: What people call going out; empty: `out`.
        u_turn_window: Whoever comes back within it counts neither way; zero counts both.
        pair: Another line, for telling speeds.
    """

    name: str
    points: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT
    in_name: str = ""
    out_name: str = ""
    u_turn_window: timedelta = timedelta()
    pair: LinePair | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in which presence is counted; its last corner joins the first.

    Attributes:
        name: Unique within the camera.
        polygon: Its corners.
        anchor: Which point of an object must be inside.
        loitering_after: Whoever stays longer is told of; zero: nobody is.
        queue: Whether people wait here.
        restricted: Whether nobody may be here.
    """

    name: str
    polygon: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT
    loitering_after: timedelta = timedelta()
    queue: bool = False
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Mask:
    """A polygon in which nothing counts; its last corner joins the first."""

    polygon: tuple[Point, ...]
    anchor: Anchor = Anchor.FOOT


class HidePeople(Enum):
    """From whom people in pictures are hidden."""

    UNLESS_PERMITTED = "unless_permitted"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class PrivacyArea:
    """A polygon that is black in each picture; its last corner joins the first."""

    polygon: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is not to be seen in a camera's pictures; nothing that is counted depends on it.

    Attributes:
        hide_people: From whom people are hidden.
        areas: What nobody sees.
    """

    hide_people: HidePeople = HidePeople.UNLESS_PERMITTED
    areas: tuple[PrivacyArea, ...] = ()


@dataclass(frozen=True, slots=True)
class FloorPlace:
    """A place in the picture, and where it is on the floor in metres, as on a plan seen from above (y up)."""

    picture: Point
    x_m: float
    y_m: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a camera counts.

    Attributes:
        time_zone: Whose clocks tell the hours: a name in the IANA database.
        hours: The hours; at least one span.
    """

    time_zone: str
    hours: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class CountingConfig:
    """What a camera counts.

    Attributes:
        lines: Counting lines, with unique names.
        zones: Counting zones, with unique names.
        detector: Which detector to use; empty leaves it to the worker.
        classes: Which classes to count; empty means people where the detector knows people.
        masks: Where nothing counts.
        calibration: Four places on the floor, for telling speeds; empty if it was not measured.
        max_frames_per_second: The most frames that are looked at; 0 means every one.
        min_score: How sure the detector must be before an object counts; 0 leaves that to the worker.
        picture_retention: How long a picture of each crossing is kept; zero takes none.
        schedule: When it counts; None: always.
        privacy: What is not to be seen in pictures.
    """

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    detector: str = ""
    classes: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = ()
    calibration: tuple[FloorPlace, ...] = ()
    max_frames_per_second: float = 0.0
    min_score: float = 0.0
    picture_retention: timedelta = timedelta()
    schedule: Schedule | None = None
    privacy: Privacy = Privacy()


def line_problem(points: Sequence[Point]) -> str | None:
    """What keeps the points from being one line and how to mend it; None if nothing does.

    Segments may meet in the corner that they share and nowhere else (a simple polyline).
    """
    if len(set(points)) < len(points):
        return "has the same point twice: leave one of them out"
    segments = list(pairwise(points))
    for (i, first), (j, second) in combinations(enumerate(segments), 2):
        if _folds_back(*first, second[1]) if j == i + 1 else _meet(*first, *second):
            return "has segments that cross or touch: draw a way round as a zone"
    return None


def polygon_problem(corners: Sequence[Point]) -> str | None:
    """What keeps the polygon from enclosing one area and how to mend it; None if nothing does.

    Sides may meet in the corner that they share and nowhere else (a simple polygon).
    """
    if len(set(corners)) < len(corners):
        return "has the same corner twice: leave one of them out"
    sides = [(corner, corners[i - 1]) for i, corner in enumerate(corners)]
    for (i, first), (j, second) in combinations(enumerate(sides), 2):
        gap = j - i
        if gap == 1:
            bad = _folds_back(first[1], first[0], second[0])
        elif gap == len(sides) - 1:
            bad = _folds_back(second[1], second[0], first[0])
        else:
            bad = _meet(*first, *second)
        if bad:
            return "has sides that cross or touch: list the corners in order around the zone"
    if abs(sum(b.x * a.y - a.x * b.y for a, b in sides)) / 2 < MIN_ZONE_AREA:
        return "encloses no area: move its corners apart"
    return None


def calibration_problem(places: Sequence[FloorPlace]) -> str | None:
    """What keeps a camera from seeing the places as they are told, and how to mend it; None if nothing does.

    A camera above the floor sees every three places turn as they do on the plan (Hartley & Zisserman 2004,
    section 21.1); in the picture, y points the other way.
    """
    triples = list(combinations(places, 3))
    seen = [_area(*(place.picture for place in triple)) for triple in triples]
    real = [_area(*(Point(place.x_m, place.y_m) for place in triple)) for triple in triples]
    if any(abs(area) < MIN_TRIANGLE for area in (*seen, *real)):
        return "has three places in one line: take the corners of a rectangle"
    alike = [a * b > 0 for a, b in zip(seen, real, strict=True)]
    if any(alike):
        return (
            "is mirrored: on the plan, x goes right and y away"
            if all(alike)
            else "is what no camera can see: two of the places are swapped"
        )
    return None


def _turn(a: Point, b: Point, c: Point) -> int:
    """Which way the path a, b, c turns: 1 or -1, or 0 if straight on or back."""
    area = _area(a, b, c)
    return (area > 0) - (area < 0)


def _area(a: Point, b: Point, c: Point) -> float:
    """Twice the signed area of the triangle."""
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)


def _folds_back(a: Point, b: Point, c: Point) -> bool:
    """Whether the side b-c runs back along the side a-b."""
    forwards = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y)
    return forwards < 0 and _turn(a, b, c) == 0


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments a-b and c-d have a point in common."""
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _within(*end) for turn, end in zip(turns, ends, strict=True))


def _within(a: Point, b: Point, c: Point) -> bool:
    """Whether c, which lies on the line through a and b, lies between them."""
    return min(a.x, b.x) <= c.x <= max(a.x, b.x) and min(a.y, b.y) <= c.y <= max(a.y, b.y)
