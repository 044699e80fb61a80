"""A square full of people for the engine to count, as a detector would see them.

They cross in both directions on rows of their own; boxes jitter and a tenth are missed.
"""

import numpy as np
from numpy.random import default_rng

from tally.counting import Detections, Line, Zone

OBJECTS = (5, 20, 40, 100, 300)
FRAME_SIZE = (1920, 1080)
FRAMES_PER_SECOND = 10.0

LINES = (
    Line("vertical", ((0.5, 0.0), (0.5, 1.0))),
    Line("horizontal", ((0.0, 0.5), (1.0, 0.5))),
    Line("down", ((0.1, 0.1), (0.9, 0.9))),
    Line("up", ((0.1, 0.9), (0.9, 0.1))),
)
ZONES = (
    Zone("square", ((0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8))),
    Zone("hexagon", ((0.6, 0.3), (0.7, 0.2), (0.8, 0.3), (0.8, 0.7), (0.7, 0.8), (0.6, 0.7))),
)


def scene(objects: int, frames: int, seed: int = 1) -> list[Detections]:
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
