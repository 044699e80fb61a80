"""Makes whoever is in a crossing's picture unrecognisable, knowing boxes alone: neither faces nor number plates."""

import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.crossing_pictures import CrossingPicture
from tally.worker.agent.hiding import find_people
from tally.worker.agent.privacy import presentable
from tally.worker.agent.selection import PERSON
from tally.worker.agent.sources import Image

_HEADS = (0.0, 0.4)
_PLATES = (0.5, 1.0)
_WHOLE = (0.0, 1.0)
_PARTS = {PERSON: _HEADS, **dict.fromkeys(("car", "bus", "truck", "train"), _PLATES)}
"""Which part of an object's height is covered, from the top. What has no entry may be anybody, and is covered whole."""
_SAME = 0.5
"""Boxes that overlap so much (intersection over union) may be of one object: only that part of both is covered."""


async def covered(picture: CrossingPicture) -> Image:
    """The picture with the object's face or plate, and everybody else in it, in coarse cells.

    The object is in them as a whole if its camera always hides people.

    Raises:
        DetectorUnavailable: Nobody can tell where people are.
    """
    people = await find_people(picture.image, picture.detector)
    subject = picture.box[np.newaxis]
    boxes: tuple[NDArray[np.float32], ...] = (
        _part(subject, picture.object_class),
        _covered(picture.others, picture.box, picture.object_class),
        _covered(people, picture.box, PERSON),
    )
    if picture.privacy.always_hides_people:
        boxes = (subject, picture.others, people)
    return presentable(picture.image, picture.privacy, np.concatenate(boxes), part=picture.part)


def _covered(
    boxes: NDArray[np.float32], subject: NDArray[np.float32], object_class: str
) -> NDArray[np.float32]:
    """What of the boxes is covered: a part if that may be the subject itself, else all."""
    same = _overlap(boxes, subject) > _SAME
    return np.concatenate((boxes[~same], _part(boxes[same], object_class)))


def _part(boxes: NDArray[np.float32], object_class: str) -> NDArray[np.float32]:
    upper, lower = _PARTS.get(object_class, _WHOLE)
    heights = boxes[:, 3] - boxes[:, 1]
    return np.stack(
        (boxes[:, 0], boxes[:, 1] + upper * heights, boxes[:, 2], boxes[:, 1] + lower * heights),
        axis=1,
    )


def _overlap(boxes: NDArray[np.float32], box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each of the boxes with the one."""
    corners = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.maximum(corners[1] - corners[0], 0), axis=1)
    union = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2]) - shared
    ratios: NDArray[np.float32] = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return ratios
