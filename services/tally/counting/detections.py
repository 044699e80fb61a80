"""What the detector saw in one frame, and which of it can be believed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tally.counting.compiled import compiled

FloatArray = NDArray[np.float64]

_SMALLEST_PX = 1.0
_NEAREST, _FARTHEST = -1.0, 2.0


@dataclass(slots=True)
class Detections:
    """The objects that a detector found in one frame.

    Attributes:
        boxes: float32 (n, 4): left, top, right, bottom, relative to the frame (0 to 1).
        scores: float32 (n,): how sure the detector is, 0 to 1.
        classes: int32 (n,): class of each object.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int32]

    @classmethod
    def none(cls) -> "Detections":
        """Returns the detections of an empty frame."""
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))

    def __post_init__(self) -> None:
        count = len(self.boxes)
        if self.boxes.shape != (count, 4):
            raise ValueError(f"boxes must have the shape (n, 4), not {self.boxes.shape}")
        if self.scores.shape != (count,) or self.classes.shape != (count,):
            raise ValueError(
                f"{count} boxes need {count} scores and classes, "
                f"not {self.scores.shape} and {self.classes.shape}"
            )


@dataclass(frozen=True, slots=True)
class Measurements:
    """Believable detections in pixels.

    Attributes:
        boxes: (n, 4): centre x, top, width, height in pixels.
        scores: (n,): 0 to 1.
        classes: (n,): class of each object.
    """

    boxes: FloatArray
    scores: FloatArray
    classes: NDArray[np.int32]


def measure(
    detections: Detections, frame_size: tuple[int, int], least_score: float
) -> Measurements:
    """Converts detections to pixels and leaves out those that cannot be objects.

    Ignored are: numbers that are not finite, scores below `least_score` or above 1, boxes less than a
    pixel wide or high (negative sizes among them), and boxes that reach farther outside the frame than
    the frame is large. Taken as they are: no detections at all, detections in any order, and the same box
    twice, which are two objects. Refused by `Detections`: arrays whose shapes do not fit one another.
    """
    width, height = frame_size
    return Measurements(
        *_believable(
            detections.boxes, detections.scores, detections.classes, width, height, least_score
        )
    )


@compiled
def _believable(
    corners: NDArray[np.float32],
    scores: NDArray[np.float32],
    classes: NDArray[np.int32],
    width: int,
    height: int,
    least_score: float,
) -> tuple[FloatArray, FloatArray, NDArray[np.int32]]:
    boxes = np.empty((len(corners), 4))
    kept_scores = np.empty(len(corners))
    kept_classes = np.empty(len(corners), np.int32)
    kept = 0
    for i in range(len(corners)):
        left, top = float(corners[i, 0]), float(corners[i, 1])
        right, bottom = float(corners[i, 2]), float(corners[i, 3])
        score = float(scores[i])
        # Comparisons with NaN are false, so that these refuse NaN as well as infinity.
        if not (
            _NEAREST <= left <= _FARTHEST
            and _NEAREST <= top <= _FARTHEST
            and _NEAREST <= right <= _FARTHEST
            and _NEAREST <= bottom <= _FARTHEST
            and right >= left + _SMALLEST_PX / width
            and bottom >= top + _SMALLEST_PX / height
            and least_score <= score <= 1.0
        ):
            continue
        boxes[kept, 0] = (left * width + right * width) / 2
        boxes[kept, 1] = top * height
        boxes[kept, 2] = right * width - left * width
        boxes[kept, 3] = bottom * height - top * height
        kept_scores[kept] = score
        kept_classes[kept] = classes[i]
        kept += 1
    return boxes[:kept], kept_scores[:kept], kept_classes[:kept]
