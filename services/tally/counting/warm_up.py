"""Makes the engine ready before the first real frame."""

import numpy as np

from tally.counting.calibration import Calibration
from tally.counting.detections import Detections
from tally.counting.engine import CountingEngine
from tally.counting.geometry import Line, Mask, Zone

_SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))


def warm_up() -> None:
    """Has everything compiled: a few seconds on a machine's first use of the engine, half a second later on.

    Two objects cross a line and a zone, side by side, close enough to contest each other's detections.
    """
    line, zone = Line("line", ((0.5, 0.0), (0.5, 1.0))), Zone("zone", _SQUARE)
    mask = Mask(((0.0, 0.0), (0.1, 0.0), (0.0, 0.1)))
    floor = Calibration(_SQUARE, ((0.0, 4.0), (4.0, 4.0), (4.0, 0.0), (0.0, 0.0)))
    engine = CountingEngine(
        lines=[line], zones=[zone], masks=[mask], calibration=floor, frame_size=(640, 480)
    )
    size = np.array([0.1, 0.3], np.float32)
    for k in range(12):
        corner = np.array([[0.05 + 0.08 * k, 0.3], [0.07 + 0.08 * k, 0.32]], np.float32)
        boxes = np.concatenate([corner, corner + size], axis=1)
        engine.update(k / 10, Detections(boxes, np.full(2, 0.9, np.float32), np.zeros(2, np.int32)))
    engine.finish(2.0)
