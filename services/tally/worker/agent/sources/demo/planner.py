"""What people do on the demo's square: every trip is a pure function of (seed, pair, epoch).

Time is cut into epochs. In each, both people of a pair make one trip: from outside the picture,
over the square, out again; alone, side by side, or meeting each other for a talk. So the scene at
any moment follows from that moment alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, pi

import numpy as np

from tally.worker.agent.sources.demo.appearance import Appearance, draw_appearance
from tally.worker.agent.sources.demo.camera import PinholeCamera
from tally.worker.agent.sources.demo.walking import Points, Stop, Walk, walk_along

EPOCH_S = 44.0
MAX_PAIRS = 20

_NEAREST_Y, _FARTHEST_Y = 9.8, 24.5
_OFF_PICTURE_M = 1.6
_SIDE_BY_SIDE_M = 0.62
_TALKING_DISTANCE_M = 0.85


@dataclass(frozen=True, slots=True)
class Trip:
    """One person's visit to the square; `walker` is their number, unique within the scene."""

    walker: int
    walk: Walk
    appearance: Appearance


class Planner:
    """Plans trips.

    Args:
        seed: Of the scene.
        camera: Tells what lies outside the picture.
    """

    def __init__(self, seed: int, camera: PinholeCamera) -> None:
        self._seed = seed
        self._camera = camera
        self._leads = np.random.default_rng(seed).uniform(0, EPOCH_S, MAX_PAIRS).tolist()

    def epoch(self, pair: int, time_s: float) -> int:
        """The number of the pair's epoch at a time; pairs change epochs at different times."""
        return int((time_s + self._leads[pair]) // EPOCH_S)

    def plan(self, pair: int, epoch: int) -> tuple[Trip, Trip]:
        """Plans the trips of both people of a pair, which lie within the epoch."""
        rng = np.random.default_rng((self._seed, pair, epoch))
        begins = epoch * EPOCH_S - self._leads[pair]
        kind = rng.choice(["alone", "side by side", "meeting"], p=[0.55, 0.2, 0.25])
        if kind == "alone":
            walks = [_placed([self._alone(rng)], begins, rng)[0] for _ in range(2)]
        elif kind == "side by side":
            walks = _placed(self._side_by_side(rng), begins, rng)
        else:
            walks = _placed(self._meeting(rng), begins, rng)
        first, second = (
            Trip((epoch * MAX_PAIRS + pair) * 2 + member, walk, draw_appearance(rng))
            for member, walk in enumerate(walks)
        )
        return first, second

    def _alone(self, rng: np.random.Generator) -> Walk:
        entry, exit_ = self._gates(rng)
        way = [entry, _between(entry, exit_, rng), exit_]
        stops = {}
        habit = rng.random()
        if habit < 0.12:
            way[2] = entry  # turns round and goes back
        elif habit < 0.24:
            # Paces up and down, as on the telephone.
            spot = way[1]
            way[1:2] = [spot + rng.uniform(-1, 1, 2) for _ in range(4)]
            stops = {i: Stop(rng.uniform(1.2, 3), rng.uniform(-pi, pi)) for i in range(1, 5)}
        elif habit < 0.5:
            stops = {1: Stop(rng.uniform(2.5, 8), rng.uniform(-pi, pi))}
        return walk_along(np.array(way), rng.uniform(1.05, 1.55), stops)

    def _side_by_side(self, rng: np.random.Generator) -> list[Walk]:
        entry, exit_ = self._gates(rng)
        way = np.array([entry, _between(entry, exit_, rng), exit_])
        ahead = (exit_ - entry) / np.hypot(*(exit_ - entry))
        aside = np.array([-ahead[1], ahead[0]]) * _SIDE_BY_SIDE_M
        stops = {1: Stop(rng.uniform(3, 7), rng.uniform(-pi, pi))} if rng.random() < 0.3 else {}
        speed = rng.uniform(0.95, 1.3)
        return [walk_along(way, speed, stops), walk_along(way + aside, speed, stops)]

    def _meeting(self, rng: np.random.Generator) -> list[Walk]:
        spot = np.array([rng.uniform(-6, 6), rng.uniform(11, 20)])
        angle = rng.uniform(0, pi)
        apart = np.array([np.cos(angle), np.sin(angle)]) * _TALKING_DISTANCE_M / 2
        talk = rng.uniform(6, 13)
        walks = []
        for place in (spot + apart, spot - apart):
            entry, exit_ = self._gates(rng)
            heading = atan2(*(spot - place)[::-1])
            stop = Stop(talk + rng.uniform(0, 1.5), heading)
            walk = walk_along(np.array([entry, place, exit_]), rng.uniform(1.05, 1.5), {1: stop})
            arrival = walk.times[np.argmin(walk.paces)]
            walks.append(walk.timed(start=-arrival))
        return walks

    def _gates(self, rng: np.random.Generator) -> tuple[Points, Points]:
        """Two places outside the picture: mostly left and right, now and then the near edge."""
        near, far = sorted(rng.uniform(_NEAREST_Y, _FARTHEST_Y, 2))
        gates = [self._beside(-1, near), self._beside(1, far)]
        if rng.random() < 0.3:
            # The whole person, not just the feet, must be below the picture.
            gates[rng.integers(2)] = np.array(
                [rng.uniform(-3.5, 3.5), self._camera.nearest_y * 0.6]
            )
        first, second = rng.permutation(2)
        return gates[first], gates[second]

    def _beside(self, side: int, y: float) -> Points:
        return np.array([side * (self._camera.half_width_at(y) + _OFF_PICTURE_M), y])


def _between(entry: Points, exit_: Points, rng: np.random.Generator) -> Points:
    middle = entry + (exit_ - entry) * rng.uniform(0.35, 0.65) + rng.normal(0, 1.2, 2)
    middle[1] = np.clip(middle[1], _NEAREST_Y, _FARTHEST_Y)
    return middle


def _placed(walks: Sequence[Walk], begins: float, rng: np.random.Generator) -> list[Walk]:
    """Fits walks into the epoch that begins at `begins`, keeping their times to one another."""
    first = min(walk.times[0] for walk in walks)
    last = max(walk.times[-1] for walk in walks)
    scale = min(1.0, EPOCH_S / (last - first))
    slack = rng.uniform(0, EPOCH_S - (last - first) * scale) if scale == 1 else 0.0
    return [
        walk.timed(start=begins + slack + (walk.times[0] - first) * scale, scale=scale)
        for walk in walks
    ]
