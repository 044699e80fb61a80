"""What the detector saw in one frame, and which of it can be believed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SMALLEST_PX = 1.0
_FARTHEST_OUTSIDE = 1.0


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
    the frame is large.
    """
    corners = detections.boxes.astype(np.float64)
    scores = detections.scores.astype(np.float64)
    width, height = frame_size
    # Comparisons with NaN are false, so that these refuse NaN as well as infinity.
    believable = (np.abs(corners - 0.5) <= 0.5 + _FARTHEST_OUTSIDE).all(axis=1)
    believable &= corners[:, 2] >= corners[:, 0] + _SMALLEST_PX / width
    believable &= corners[:, 3] >= corners[:, 1] + _SMALLEST_PX / height
    believable &= (scores >= least_score) & (scores <= 1.0)
    left, top, right, bottom = (corners[believable] * (width, height, width, height)).T
    return Measurements(
        np.array([(left + right) / 2, top, right - left, bottom - top]).T,
        scores[believable],
        detections.classes[believable],
    )
