"""Makes people in a picture unrecognisable."""

from uuid import uuid4

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.detector import Detector
from tally.worker.agent.pipeline import CountedFrame
from tally.worker.agent.selection import PERSON
from tally.worker.agent.sources import Image

MARGIN = 0.15
"""How much is added on each side of a box, as a share of its size: heads and hands stick out."""
CELLS = 6
"""Cells of one colour that a box's longer side becomes. A blur could be undone; what was averaged is gone."""


async def people_in(counted: CountedFrame, detector: Detector) -> NDArray[np.float32]:
    """Where people may be in a frame, as boxes (n, 4): left, top, right, bottom, relative to the frame.

    That is whatever counts, tracked or detected, and whom a detector that tells people apart finds now, whether
    the camera counts people or not.

    Raises:
        DetectorUnavailable: The detector does not answer.
    """
    found = await find_people(counted.frame.image, detector)
    everywhere = np.concatenate((counted.result.tracks.boxes, counted.detections.boxes, found))
    return everywhere[np.isfinite(everywhere).all(axis=1)]


async def find_people(image: Image, detector: Detector) -> NDArray[np.float32]:
    """Where a detector that tells people apart, and needs no earlier pictures, finds them, as boxes (n, 4).

    Raises:
        DetectorUnavailable: The detector does not answer.
    """
    if detector.stateful or PERSON not in detector.classes:
        return np.empty((0, 4), np.float32)
    found = await detector.sequence(uuid4().int >> 65).detect(image)
    boxes: NDArray[np.float32] = found.boxes[found.classes == list(detector.classes).index(PERSON)]
    return boxes[np.isfinite(boxes).all(axis=1)]


def without_people(image: Image, boxes: NDArray[np.float32]) -> Image:
    """The picture, (height, width, 3) BGR, with each box, and a margin around it, in coarse cells."""
    canvas = image.copy()
    height, width = image.shape[:2]
    for left, top, right, bottom in boxes.tolist():
        wider, taller = (right - left) * MARGIN, (bottom - top) * MARGIN
        x0, x1 = _within(left - wider, width), _within(right + wider, width, up=True)
        y0, y1 = _within(top - taller, height), _within(bottom + taller, height, up=True)
        if x0 >= x1 or y0 >= y1:
            continue
        cell = max(x1 - x0, y1 - y0) / CELLS
        size = max(1, round((x1 - x0) / cell)), max(1, round((y1 - y0) / cell))
        coarse = cv2.resize(image[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
        canvas[y0:y1, x0:x1] = cv2.resize(
            coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST
        )
    return canvas


def _within(place: float, pixels: int, *, up: bool = False) -> int:
    whole = np.ceil(place * pixels) if up else np.floor(place * pixels)
    return int(np.clip(whole, 0, pixels))
