"""The demo scene without its picture: who is where, and how the light is, at any moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sin, tau

import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.sources.demo.appearance import Appearance
from tally.worker.agent.sources.demo.camera import PinholeCamera
from tally.worker.agent.sources.demo.planner import MAX_PAIRS, Planner, Trip

MIN_WALKERS, MAX_WALKERS = 5, 2 * MAX_PAIRS


@dataclass(frozen=True, slots=True)
class Walker:
    """One person at one moment.

    Attributes:
        id: Number, unique within the scene.
        x: Metres to the right of the camera's axis.
        y: Metres from the camera.
        heading: Radians, 0 along x.
        pace: Share of the full stride, 0 standing.
        distance: Metres walked so far; the legs follow it.
        appearance: What they look like.
    """

    id: int
    x: float
    y: float
    heading: float
    pace: float
    distance: float
    appearance: Appearance


class Scene:
    """A square with people, a pure function of the seed and the time.

    Args:
        seed: Two scenes with the same seed are the same.
        walkers: How many people share the scene, from `MIN_WALKERS` to `MAX_WALKERS`; at any moment
            about two in three of them are in the picture, the others on their way.
        aspect: Width of the picture over its height.
    """

    def __init__(self, *, seed: int, walkers: int, aspect: float) -> None:
        self.camera = PinholeCamera(aspect)
        self._seed = seed
        self._walkers = walkers
        self._planner = Planner(seed, self.camera)
        self._plan = lru_cache(maxsize=16 * MAX_PAIRS)(self._planner.plan)
        self._light = np.random.default_rng(seed).uniform(0, tau, 3)

    def trips(self, start_s: float, end_s: float) -> Iterator[Trip]:
        """Every trip that lasts into the time from `start_s` to `end_s`, in no particular order."""
        for pair in range(ceil(self._walkers / 2)):
            members = min(2, self._walkers - 2 * pair)
            first, last = (self._planner.epoch(pair, time_s) for time_s in (start_s, end_s))
            for epoch in range(first, last + 1):
                for trip in self._plan(pair, epoch)[:members]:
                    if trip.walk.times[0] <= end_s and trip.walk.times[-1] >= start_s:
                        yield trip

    def walkers_at(self, time_s: float) -> list[Walker]:
        """Everybody on the square or just outside the picture."""
        return [_at(trip, time_s) for trip in self.trips(time_s, time_s)]

    def sunshine_at(self, time_s: float) -> float:
        """How freely the sun shines through the clouds, 0 (overcast) to 1."""
        a, b, c = self._light
        clouds = (
            0.45 * sin(tau * time_s / 131 + a)
            + 0.3 * sin(tau * time_s / 53 + b)
            + 0.12 * sin(tau * time_s / 19 + c)
        )
        return min(1.0, max(0.0, 0.62 + clouds))


def _at(trip: Trip, time_s: float) -> Walker:
    walk = trip.walk
    knot = min(int(np.searchsorted(walk.times, time_s, side="right")), len(walk.times) - 1)
    before = knot - 1
    share = (time_s - walk.times[before]) / (walk.times[knot] - walk.times[before])

    def between(values: NDArray[np.float64]) -> float:
        return float(values[before] + (values[knot] - values[before]) * share)

    return Walker(
        id=trip.walker,
        x=between(walk.points[:, 0]),
        y=between(walk.points[:, 1]),
        heading=between(walk.headings),
        pace=between(walk.paces),
        distance=between(walk.distances),
        appearance=trip.appearance,
    )
