"""Finds people who are to be unrecognisable in a picture."""

from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.detector import Detector
from tally.worker.agent.pipeline import CountedFrame
from tally.worker.agent.selection import PERSON
from tally.worker.agent.sources import Image


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
