"""What the counting engine costs: µs per frame for the tracker, four lines and two zones.

People cross a wide square in both directions on paths of their own; boxes jitter and a tenth are missed.
"""

from statistics import median
from time import perf_counter_ns

import numpy as np
from numpy.random import default_rng

from tally.counting import CountingEngine, Detections, Line, Zone

OBJECTS = (5, 20, 40, 100, 300)
FRAME_SIZE = (1920, 1080)
FRAMES_PER_SECOND = 10.0

_FRAMES = 400
_WARM_UP = 50
_LINES = (
    Line("vertical", (0.5, 0.0), (0.5, 1.0)),
    Line("horizontal", (0.0, 0.5), (1.0, 0.5)),
    Line("down", (0.1, 0.1), (0.9, 0.9)),
    Line("up", (0.1, 0.9), (0.9, 0.1)),
)
_ZONES = (
    Zone("square", ((0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8))),
    Zone("hexagon", ((0.6, 0.3), (0.7, 0.2), (0.8, 0.3), (0.8, 0.7), (0.7, 0.8), (0.6, 0.7))),
)


def scene(objects: int, frames: int = _FRAMES, seed: int = 1) -> list[Detections]:
    """Returns the detections of people who go round a square, each on a row of their own."""
    random = default_rng(seed)
    height = min(0.1, 3.0 / objects)
    size = np.array([0.4 * height * FRAME_SIZE[1] / FRAME_SIZE[0], height])
    start = random.uniform(0, 1, objects)
    speed = random.choice([-1, 1], objects) * random.uniform(0.6, 1.0, objects) * height * 0.5
    rows = np.linspace(height, 1.0, objects)
    shown = []
    for k in range(frames):
        feet = np.stack([(start + speed * k / FRAMES_PER_SECOND) % 1.0, rows], axis=1)
        boxes = np.concatenate([feet - size * (0.5, 1.0), feet + size * (0.5, 0.0)], axis=1)
        boxes += random.normal(0, 0.03 * height, boxes.shape)
        seen = random.random(objects) > 0.1
        scores = random.uniform(0.3, 0.95, objects)
        shown.append(
            Detections(
                boxes[seen].astype(np.float32),
                scores[seen].astype(np.float32),
                np.zeros(int(seen.sum()), np.int32),
            )
        )
    return shown


def cost_us(objects: int) -> float:
    """Returns the median cost of a frame with so many objects, in µs."""
    engine = CountingEngine(lines=_LINES, zones=_ZONES, frame_size=FRAME_SIZE)
    costs = []
    for k, detections in enumerate(scene(objects)):
        begin = perf_counter_ns()
        engine.update(k / FRAMES_PER_SECOND, detections)
        costs.append(perf_counter_ns() - begin)
    return median(costs[_WARM_UP:]) / 1000


def main() -> None:
    """Print the table."""
    print(f"{'objects':>8}{'µs/frame':>10}{'µs/object':>11}")
    for objects in OBJECTS:
        cost = cost_us(objects)
        print(f"{objects:>8}{cost:>10.0f}{cost / objects:>11.1f}")


if __name__ == "__main__":
    main()
