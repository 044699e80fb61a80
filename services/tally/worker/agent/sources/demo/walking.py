"""How one person walks: along a smooth curve, slowing down before every stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Places on the ground, (..., 2), in metres."""

_KNOT_SPACING_M = 0.25
_BRAKING_M = 0.5
_SLOWEST_PACE = 0.3
_TURNING_S = 0.5


@dataclass(frozen=True, slots=True)
class Stop:
    """Standing still for some `seconds` (at least one), looking in the direction `heading`."""

    seconds: float
    heading: float


@dataclass(frozen=True)
class Walk:
    """Where somebody is when, as knots; between two knots they move straight and evenly.

    Attributes:
        times: (n,) seconds, increasing.
        points: (n, 2) ground positions in metres.
        headings: (n,) radians, 0 along x, without jumps.
        paces: (n,) share of the full stride, 0 standing.
    """

    times: NDArray[np.float64]
    points: Points
    headings: NDArray[np.float64]
    paces: NDArray[np.float64]

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """(n,) metres walked until each knot."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def timed(self, *, start: float, scale: float = 1.0) -> "Walk":
        """The same walk beginning at `start` and lasting `scale` times as long."""
        times = start + (self.times - self.times[0]) * scale
        return Walk(times, self.points, self.headings, self.paces)

    @property
    def duration(self) -> float:
        """Seconds from the first knot to the last."""
        return float(self.times[-1] - self.times[0])


def walk_along(waypoints: Points, speed: float, stops: Mapping[int, Stop]) -> Walk:
    """Walks through waypoints.

    Args:
        waypoints: (m, 2), at least two.
        speed: Metres per second between stops.
        stops: What happens at a waypoint, by its index; not at the first or last.
    """
    curve, knot_of_waypoint = _curve(waypoints)
    standing = [knot_of_waypoint[index] for index in stops]
    paces = _paces(curve, standing)
    steps = np.diff(curve, axis=0)
    seconds = np.hypot(*steps.T) / (speed * (paces[:-1] + paces[1:]) / 2)
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    directions = np.arctan2(steps[:, 1], steps[:, 0])
    headings = np.append(directions, directions[-1])

    for index, stop in sorted(stops.items(), reverse=True):
        knot = knot_of_waypoint[index]
        here = np.repeat(curve[knot][None], 3, axis=0)
        pauses = times[knot] + np.array([_TURNING_S, stop.seconds - _TURNING_S, stop.seconds])
        curve = np.concatenate([curve[: knot + 1], here, curve[knot + 1 :]])
        times = np.concatenate([times[: knot + 1], pauses, times[knot + 1 :] + stop.seconds])
        looking = [headings[knot - 1], stop.heading, stop.heading, headings[knot]]
        headings = np.concatenate([headings[:knot], looking, headings[knot + 1 :]])
        paces = np.concatenate([paces[:knot], np.zeros(4), paces[knot + 1 :]])
    return Walk(times, curve, np.unwrap(headings), paces)


def _curve(waypoints: Points) -> tuple[Points, list[int]]:
    """A Catmull-Rom spline as closely spaced knots, and the knot of each waypoint."""
    lengths = np.hypot(*np.diff(waypoints, axis=0).T)
    # Slopes by chord length: waypoints close together would otherwise throw the curve into loops.
    slopes = np.gradient(waypoints, np.concatenate([[0.0], np.cumsum(lengths)]), axis=0)
    pieces = [waypoints[:1]]
    knots = [0]
    for length, (p, q), (m, n) in zip(lengths, pairwise(waypoints), pairwise(slopes), strict=True):
        count = max(2, int(length / _KNOT_SPACING_M))
        s = np.linspace(0, 1, count + 1)[1:, None]
        pieces.append(
            (2 * s**3 - 3 * s**2 + 1) * p
            + (s**3 - 2 * s**2 + s) * m * length
            + (3 * s**2 - 2 * s**3) * q
            + (s**3 - s**2) * n * length
        )
        knots.append(knots[-1] + count)
    return np.concatenate(pieces), knots


def _paces(curve: Points, standing: list[int]) -> NDArray[np.float64]:
    """Full pace everywhere except near the knots where the person stands."""
    paces = np.ones(len(curve))
    for knot in standing:
        away = np.hypot(*(curve - curve[knot]).T)
        paces = np.minimum(paces, np.clip(away / _BRAKING_M, _SLOWEST_PACE, 1))
    return paces
