"""The exact truth about the demo scene: who crossed a line and when, and who stands in a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.counting import Anchor, Direction, Line, Zone
from tally.worker.agent.sources.demo.figure import Figure, figures
from tally.worker.agent.sources.demo.options import DemoOptions
from tally.worker.agent.sources.demo.planner import Trip
from tally.worker.agent.sources.demo.source import SCENE_BEGAN

# Half the width of a line's band in body heights; not the engine's setting, because the truth must
# not move when the engine is tuned.
_HYSTERESIS = 0.1


@dataclass(frozen=True, slots=True)
class TrueCrossing:
    """Somebody crossed a line.

    Attributes:
        line: The line's name.
        direction: Which way.
        walker: Who.
        at: UTC moment when the foot point passed over the line.
    """

    line: str
    direction: Direction
    walker: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TruePerson:
    """Somebody in the picture.

    Attributes:
        walker: Who.
        foot: Relative picture coordinates of the ground point between the feet.
        box: Left, top, right, bottom around the body, relative picture coordinates.
    """

    walker: int
    foot: tuple[float, float]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many people crossed a line in each direction."""

    into: int
    out: int


class Reference:
    """Answers questions about a demo scene without drawing it.

    People walk straight between the knots of their walks, and a camera without distortion keeps
    straight lines straight, so where and when a foot point meets a line has a closed form. What
    counts follows the engine's rule: passages between the ends of a line are netted, and a crossing
    is complete when the person is clear of the line on the other side; it happened with the last
    passage. So whoever dithers on a line counts once, and whoever goes round its end does not.

    It knows about foot points and plain lines: what `knows` denies raises ValueError.

    Args:
        uri: The demo camera's address.
        began: UTC moment of frame 0: `DemoSource.began`.
    """

    def __init__(self, uri: str, *, began: datetime = SCENE_BEGAN) -> None:
        self._scene = DemoOptions.parse(uri).scene()
        self._began = began

    @staticmethod
    def knows(place: Line | Zone) -> bool:
        """Whether the place is anchored at feet and, if it is a line, has no corners and counts U-turns."""
        plain = isinstance(place, Zone) or (len(place.points) == 2 and not place.u_turn_s)
        return plain and place.anchor is Anchor.FOOT

    def crossings(self, line: Line, start: datetime, end: datetime) -> list[TrueCrossing]:
        """Crossings of a line from `start` (inclusive) to `end` (exclusive), in order of time."""
        self._require_known(line)
        start_s, end_s = self._seconds(start), self._seconds(end)
        found = [
            (time_s, trip.walker, direction)
            for trip in self._scene.trips(start_s, end_s)
            for time_s, direction in self._crossings_of(trip, line)
            if start_s <= time_s < end_s
        ]
        return [
            TrueCrossing(line.name, direction, walker, self._began + timedelta(seconds=time_s))
            for time_s, walker, direction in sorted(found, key=lambda crossing: crossing[:2])
        ]

    def totals(self, line: Line, start: datetime, end: datetime) -> Totals:
        """Numbers of crossings of a line from `start` (inclusive) to `end` (exclusive)."""
        directions = [crossing.direction for crossing in self.crossings(line, start, end)]
        return Totals(directions.count(Direction.IN), directions.count(Direction.OUT))

    def people(self, at: datetime) -> list[TruePerson]:
        """Everybody whose feet are in the picture at one moment, hidden or not."""
        return [
            TruePerson(
                figure.walker.id,
                (float(figure.foot[0]), float(figure.foot[1])),
                (*figure.box[:2].tolist(), *figure.box[2:].tolist()),
            )
            for figure in self._figures(at)
            if ((figure.foot >= 0) & (figure.foot <= 1)).all()
        ]

    def occupancy(self, zone: Zone, at: datetime) -> int:
        """People whose feet are inside a zone, and in the picture, at one moment."""
        self._require_known(zone)
        polygon = np.array(zone.polygon, np.float32)
        return sum(
            cv2.pointPolygonTest(polygon, person.foot, measureDist=False) >= 0
            for person in self.people(at)
        )

    def _require_known(self, place: Line | Zone) -> None:
        if not self.knows(place):
            raise ValueError(f"{place.name!r} is not anchored at the foot, or no plain line")

    def _figures(self, at: datetime) -> list[Figure]:
        return figures(self._scene.walkers_at(self._seconds(at)), self._scene.camera)

    def _seconds(self, at: datetime) -> float:
        return (at - self._began).total_seconds()

    def _crossings_of(self, trip: Trip, line: Line) -> Iterator[tuple[float, Direction]]:
        """Yields when somebody crossed a line on one trip, and which way."""
        camera = self._scene.camera
        # Distances must mean the same along both axes: measure in picture heights.
        square = np.array([camera.aspect, 1.0])
        start, end = np.array(line.points) * square
        along = (end - start) / np.hypot(*(end - start))
        across = np.array([-along[1], along[0]])

        ground = np.column_stack([trip.walk.points, np.zeros(len(trip.walk.times))])
        feet, depths = camera.project(ground)
        heads, _ = camera.project(ground + np.array([0, 0, trip.appearance.height]))
        distances = (feet * square - start) @ across
        band = _HYSTERESIS * (feet - heads)[:, 1]
        positive = distances >= 0
        clear = np.abs(distances) > band
        clear[[0, -1]] = True  # who comes or goes near a line still comes from one side of it
        for before, after in pairwise(np.flatnonzero(clear)):
            if positive[before] == positive[after]:
                continue
            knots = before + np.flatnonzero(np.diff(positive[before : after + 1]))
            # Distance times depth is linear in time between knots; distance alone is not.
            weights = np.abs(distances * depths)
            shares = weights[knots] / (weights[knots] + weights[knots + 1])
            points, _ = camera.project(_between(ground, knots, shares[:, None]))
            places = (points * square - start) @ along
            within = (places >= 0) & (places <= np.hypot(*(end - start)))
            net = np.where(positive[knots + 1], 1, -1)[within].sum()
            if net * (1 if positive[after] else -1) > 0:
                time_s = _between(trip.walk.times, knots, shares)[within][-1]
                yield float(time_s), Direction.IN if positive[after] else Direction.OUT


def _between(
    values: NDArray[np.float64], knots: NDArray[np.intp], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The values `shares` of the way from each of the knots to the next."""
    mixed: NDArray[np.float64] = values[knots] + (values[knots + 1] - values[knots]) * shares
    return mixed
