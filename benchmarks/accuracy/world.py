"""A synthetic square with people in perspective, what a detector sees of them, and the exact truth.

Made for choosing the engine's parameters without looking at a real recording: people walk between random places,
stop, turn and pass behind one another; the detector misses them in streaks, sees less of who is hidden, sees
some twice (a second box around the upper body or a pair of people) and now and then sees nobody's box.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.accuracy.truth import Walk
from tally.counting import Detections

FRAME_SIZE = (960, 720)

_SIMULATED_PER_S = 20
_HORIZON = 0.2
_WIDTH_OF_HEIGHT = 0.38
_FORESHORTENING = 0.45
_PILLARS = 4
_FAINT = 0.6


@dataclass(frozen=True, slots=True)
class World:
    """How busy a square is and how well it is seen.

    Attributes:
        people: How many are in view at a time.
        seconds: How long it is watched.
        frames_per_second: How often a frame is taken.
        miss_rate: Share of boxes of people in full view that the detector misses, in streaks.
        doubles: Share of the boxes with a second box of a low score.
        false_boxes: Boxes of nobody, per frame.
        jitter: Standard deviation of a box coordinate, in box heights.
        hidden: Share of the picture's width that lies behind pillars.
        posters: How many things that never move are taken for people in every other frame or so.
        faint: Share of the people whom the detector is not sure of, even in full view.
        seed: Same seed, same world.
    """

    people: int = 10
    seconds: float = 120.0
    frames_per_second: float = 10.0
    miss_rate: float = 0.1
    doubles: float = 0.15
    false_boxes: float = 0.1
    jitter: float = 0.03
    hidden: float = 0.0
    posters: int = 0
    faint: float = 0.0
    seed: int = 1


def simulate(world: World) -> tuple[list[Walk], list[Detections]]:
    """Returns the true walks, and the detections of every frame."""
    random = default_rng(world.seed)
    every = _SIMULATED_PER_S / world.frames_per_second
    frames = np.arange(int(world.seconds * world.frames_per_second))
    instants = (frames * every).astype(np.float64)
    walks = []
    for person, (first, feet) in enumerate(_people(world, random)):
        present = np.flatnonzero((instants >= first) & (instants <= first + len(feet) - 1))
        if len(present) >= 2:
            walks.append(Walk(person, present, _boxes(_between(feet, instants[present] - first))))
    return walks, _detect(world, walks, len(frames), random)


def _between(feet: NDArray[np.float64], instants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns where the feet (n, 2) are at instants (m,) that may lie between two."""
    known = np.arange(len(feet))
    return np.stack([np.interp(instants, known, feet[:, k]) for k in range(2)], axis=1)


def _people(world: World, random: Generator) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yields the first simulated instant and the foot points (n, 2) of one person after another."""
    end = int(world.seconds * _SIMULATED_PER_S)
    for _ in range(world.people):
        instant = -int(random.uniform(0, 15) * _SIMULATED_PER_S)
        while instant < end:
            feet = _stroll(random)
            if instant < 0:
                feet, instant = feet[-instant:], 0
            yield instant, feet
            instant += len(feet) + int(random.exponential(1.0) * _SIMULATED_PER_S)


def _stroll(random: Generator) -> NDArray[np.float64]:
    """Returns the foot points of someone who comes in at an edge, has errands, and leaves at an edge."""
    errands = [random.uniform((0.1, 0.4), (0.9, 0.95)) for _ in range(random.integers(0, 3))]
    stops = [_edge(random), *errands, _edge(random)]
    pace = random.normal(0.8, 0.15)
    at = np.array(stops[0])
    velocity = np.zeros(2)
    feet = []
    for stop in stops[1:]:
        while True:
            scale = _height(at[1]) * np.array([1.0, _FORESHORTENING])
            way = (stop - at) / scale
            distance = np.hypot(*way)
            if distance < 0.3:
                break
            # People turn and gather speed within about half a second.
            wanted = way / distance * pace + random.normal(0, 0.4, 2)
            velocity += (wanted - velocity) * (2.0 / _SIMULATED_PER_S)
            at = at + velocity * scale / _SIMULATED_PER_S
            feet.append(at)
        if random.random() < 0.4:
            feet += [at] * int(random.exponential(3.0) * _SIMULATED_PER_S)
            velocity = np.zeros(2)
    return np.array(feet).reshape(-1, 2)


def _edge(random: Generator) -> NDArray[np.float64]:
    place = random.uniform(0.4, 0.95)
    edges = ((0.0, place), (1.0, place), (random.uniform(0.05, 0.95), 0.37))
    return np.array(edges[random.integers(3)])


def _height(y: float) -> float:
    """Height of a person whose foot point is at `y`, relative to the frame's height."""
    return max(0.4 * (y - _HORIZON), 0.03)


def _boxes(feet: NDArray[np.float64]) -> NDArray[np.float64]:
    heights = np.array([_height(y) for y in feet[:, 1]])
    half = heights * _WIDTH_OF_HEIGHT / 2 * FRAME_SIZE[1] / FRAME_SIZE[0]
    return np.stack(
        [feet[:, 0] - half, feet[:, 1] - heights, feet[:, 0] + half, feet[:, 1]], axis=1
    )


def _detect(
    world: World, walks: list[Walk], frame_count: int, random: Generator
) -> list[Detections]:
    """Returns what the detector sees in each frame."""
    present: list[list[tuple[int, NDArray[np.float64]]]] = [[] for _ in range(frame_count)]
    for index, walk in enumerate(walks):
        for frame, box in zip(walk.frames, walk.boxes, strict=True):
            present[frame].append((index, box))
    missed = np.zeros(len(walks), np.bool_)
    doubled = np.zeros(len(walks), np.bool_)
    pillars = _pillars(world.hidden)
    faint = np.arange(len(walks)) * 0.618 % 1.0 < world.faint
    posters = _posters(world)
    # Streaks last 0.4 s on average, whatever the frame rate.
    renew = min(1.0, 2.5 / world.frames_per_second)
    seen = []
    for people in present:
        missed = _renew(random, missed, renew, world.miss_rate)
        doubled = _renew(random, doubled, renew, world.doubles)
        found: list[tuple[NDArray[np.float64], float]] = []
        for index, box in people:
            nearer = [*pillars, *(other for _, other in people if other[3] > box[3])]
            visible, shown = _visible(box, nearer)
            score = (_FAINT if faint[index] else 0.85) * visible + random.normal(0, 0.08)
            if missed[index]:
                score *= random.uniform(0, 0.5)
            if visible > 0.2 and score > 0.1:
                found.append((_blur(random, shown, world.jitter), score))
            if doubled[index] and visible > 0.2:
                upper = shown.copy()
                upper[3] -= (upper[3] - upper[1]) * random.uniform(0.3, 0.5)
                found.append((_blur(random, upper, 2 * world.jitter), random.uniform(0.1, 0.45)))
        for _ in range(random.poisson(world.false_boxes)):
            foot = random.uniform((0.0, 0.4), (1.0, 0.95))[None]
            found.append((_boxes(foot)[0], random.uniform(0.1, 0.6)))
        found += [
            (_blur(random, box, world.jitter / 2), random.normal(usual, 0.08))
            for box, usual in posters
        ]
        boxes = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
        scores = np.array([score for _, score in found], np.float32).clip(0.1, 0.95)
        seen.append(Detections(boxes, scores, np.zeros(len(found), np.int32)))
    return seen


def _posters(world: World) -> list[tuple[NDArray[np.float64], float]]:
    """Returns the box and the usual score of each thing that is taken for a person."""
    random = default_rng([world.seed, world.posters])
    feet = random.uniform((0.0, 0.4), (1.0, 0.95), (world.posters, 2))
    return list(zip(_boxes(feet), random.uniform(0.4, 0.6, world.posters), strict=True))


def _pillars(hidden: float) -> list[NDArray[np.float64]]:
    """Returns the boxes of pillars, evenly apart, before which nobody walks."""
    middles = (np.arange(_PILLARS) + 0.5) / _PILLARS
    half = hidden / _PILLARS / 2
    return [np.array([middle - half, 0.0, middle + half, 1.0]) for middle in middles if hidden > 0]


def _renew(
    random: Generator, state: NDArray[np.bool_], renew: float, rate: float
) -> NDArray[np.bool_]:
    drawn = random.random(len(state)) < rate
    return np.where(random.random(len(state)) < renew, drawn, state)


def _blur(random: Generator, box: NDArray[np.float64], jitter: float) -> NDArray[np.float64]:
    height = box[3] - box[1]
    aspect = np.array([FRAME_SIZE[1] / FRAME_SIZE[0], 1.0] * 2)
    blurred: NDArray[np.float64] = box + random.normal(0, jitter, 4) * height * aspect
    return blurred


def _visible(
    box: NDArray[np.float64], nearer: list[NDArray[np.float64]]
) -> tuple[float, NDArray[np.float64]]:
    """Returns which share of a box is not hidden by nearer ones, and the box around what shows."""
    columns = np.linspace(box[0], box[2], 8)
    rows = np.linspace(box[1], box[3], 16)
    shows = np.ones((16, 8), np.bool_)
    for left, top, right, bottom in nearer:
        shows &= ~(
            ((rows >= top) & (rows <= bottom))[:, None] & ((columns >= left) & (columns <= right))
        )
    if not shows.any():
        return 0.0, box
    down, across = np.flatnonzero(shows.any(axis=1)), np.flatnonzero(shows.any(axis=0))
    shown = np.array([columns[across[0]], rows[down[0]], columns[across[-1]], rows[down[-1]]])
    return float(shows.mean()), shown
