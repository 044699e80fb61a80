"""Leaves out what is seen where nothing counts: a screen, a mirror, a poster, the street behind a window."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray, Measurements
from tally.counting.geometry import Mask
from tally.counting.polygons import Polygons, locate, polygons


class Masking:
    """Some masks over a frame."""

    def __init__(self, masks: Sequence[Mask], frame_size: tuple[int, int]) -> None:
        self._shapes = polygons([mask.polygon for mask in masks], frame_size)
        self._offset = np.array([mask.anchor.offset for mask in masks], np.float64)

    def outside(self, measurements: Measurements) -> Measurements:
        """Returns the measurements whose anchors are in no mask."""
        if not len(self._offset):
            return measurements
        keep = _outside(measurements.boxes, self._shapes, self._offset)
        return Measurements(
            measurements.boxes[keep], measurements.scores[keep], measurements.classes[keep]
        )


@compiled
def _outside(boxes: FloatArray, shapes: Polygons, offset: FloatArray) -> NDArray[np.bool_]:
    keep = np.ones(len(boxes), np.bool_)
    for k in range(len(boxes)):
        for mask in range(len(offset)):
            inside, _ = locate(shapes, mask, boxes[k, 0], boxes[k, 1] + boxes[k, 3] * offset[mask])
            if inside:
                keep[k] = False
                break
    return keep
