"""How often crossings are true, by what was seen of them, on synthetic worlds; and the engine's confidence beside it.

Prints the log-odds that fit best on half of the worlds, which `tally.counting.confidence` keeps, and how well they
foretell the other half.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.lines import LINES
from benchmarks.accuracy.truth import Walk
from benchmarks.accuracy.world import FRAME_SIZE, World, simulate
from tally.counting import CountingEngine, Crossing, Direction, Evidence, Line

_BAND = 0.1
_TOLERANCE_S = 1.0
_KINDS = tuple(Evidence)

Judged = tuple[frozenset[Evidence], bool]


def main() -> None:
    """Print the fit and how well it foretells."""
    judged: dict[bool, list[Judged]] = defaultdict(list)
    for seed, rate, people, missed in product(range(6), (2, 5, 10, 25), (4, 12, 30), (0.1, 0.3)):
        world = World(people, 60.0, rate, missed, seed=seed)
        judged[seed % 2 == 0] += _judge(world)
    log_odds = _fit(judged[True])
    print(f"fitted on {len(judged[True])} crossings; log-odds:")
    for kind, odds in zip(_KINDS, log_odds, strict=True):
        print(f"  {kind.value:<22}{odds:>6.1f}")
    print(f"\nforetold on {len(judged[False])} others:")
    print(f"{'crossings':>10}{'true':>8}{'foretold':>10}  evidence")
    found: dict[frozenset[Evidence], list[bool]] = defaultdict(list)
    for evidence, true in judged[False]:
        found[evidence].append(true)
    for evidence, truths in sorted(found.items(), key=lambda each: -len(each[1])):
        foretold = _foretell(_features([(evidence, True)]), np.round(log_odds, 1))[0]
        names = ", ".join(kind.value for kind in _KINDS if kind in evidence)
        print(f"{len(truths):>10}{np.mean(truths):>8.2f}{foretold:>10.2f}  {names}")


def _judge(world: World) -> Iterator[Judged]:
    """Yields what was seen of each crossing that the engine tells, and whether it is true."""
    walks, frames = simulate(world)
    engine = CountingEngine(lines=LINES, frame_size=FRAME_SIZE)
    told: list[Crossing] = []
    for k, frame in enumerate(frames):
        told += engine.update(k / world.frames_per_second, frame).crossings
    told += engine.finish(world.seconds).crossings
    for line in LINES:
        truth = [each for walk in walks for each in passages(walk, line, world.frames_per_second)]
        for one in (each for each in told if each.line == line.name):
            near = [
                each
                for each in truth
                if each[0] is one.direction
                and abs(each[1] - one.time_s) <= _TOLERANCE_S + one.gap_s / 2
            ]
            if near:
                truth.remove(min(near, key=lambda each: abs(each[1] - one.time_s)))
            yield frozenset(one.evidence), bool(near)


def passages(walk: Walk, line: Line, frames_per_second: float) -> Iterator[tuple[Direction, float]]:
    """Yields the crossings of one person, clear of the band before and after, and when he passed."""
    start, end = np.array(line.points) * FRAME_SIZE
    along = (end - start) / np.hypot(*(end - start))
    feet = walk.feet * FRAME_SIZE - start
    distance = feet @ (-along[1], along[0])
    place = feet @ along
    clear = np.abs(distance) > _BAND * (walk.boxes[:, 3] - walk.boxes[:, 1]) * FRAME_SIZE[1]
    clear[[0, -1]] = True
    net, passed, side = 0, 0, distance[0] > 0
    for k in range(1, len(distance)):
        if (distance[k] > 0) != (distance[k - 1] > 0):
            share = distance[k - 1] / (distance[k - 1] - distance[k])
            if 0 <= place[k - 1] + share * (place[k] - place[k - 1]) <= np.hypot(*(end - start)):
                net += 1 if distance[k] > 0 else -1
                passed = k
        if clear[k]:
            now = distance[k] > 0
            if now != side and net * (1 if now else -1) > 0:
                yield (
                    Direction.IN if now else Direction.OUT,
                    walk.frames[passed] / frames_per_second,
                )
            side, net = now, 0


def _features(judged: list[Judged]) -> NDArray[np.float64]:
    return np.array([[kind in evidence for kind in _KINDS] for evidence, _ in judged], np.float64)


def _foretell(features: NDArray[np.float64], log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    foretold: NDArray[np.float64] = 1 / (1 + np.exp(-features @ log_odds))
    return foretold


def _fit(judged: list[Judged]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, hardly held back, for what was seen rarely."""
    features, truth = _features(judged), np.array([true for _, true in judged], np.float64)
    log_odds = np.zeros(len(_KINDS))
    for _ in range(30):
        foretold = _foretell(features, log_odds)
        slope = features.T @ (truth - foretold) - log_odds
        weights = foretold * (1 - foretold)
        log_odds += np.linalg.solve((features.T * weights) @ features + np.eye(len(_KINDS)), slope)
    return log_odds


if __name__ == "__main__":
    main()
