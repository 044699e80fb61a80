"""How tall a person appears, depending on where they stand; learnt from the scene itself.

On flat ground, the height of an upright person in the picture grows linearly with the row of the feet
below the horizon (Hoiem et al. 2006, "Putting objects in perspective"). Blobs that look like one walker
are samples of that line. Some are fragments or groups all the same, so the fit is robust: iteratively
reweighted least squares that trusts large blobs first, because what flickers is small.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

WIDTH_OF_HEIGHT = 0.4
"""A walker's width as part of their height."""
ASPECT_RANGE = (1.6, 4.0)
"""Height over width of a blob that is taken for one walker."""
SAMPLES = 600
"""Samples remembered; older ones are forgotten."""
ENOUGH = 60
"""Samples from which on the fit is trusted."""
REFIT_EVERY = 20
"""New samples after which the line is fitted again."""
ROUNDS = 6
SPREAD = 0.2
"""Standard deviation of the logarithm of people's heights, posture included."""
TOLERANCE = (0.5, 1.7)
"""Heights between these multiples of the expected one are plausible."""


class Perspective:
    """The fitted line, and what it says about boxes."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)
        self._new = 0
        self._slope, self._height_at_zero, self._least = 0.0, 0.0, 0.0
        self.known = False
        """Whether enough was seen to trust the fit."""

    def learn(self, boxes: Boxes, picture: tuple[int, int]) -> None:
        """Take note of blobs that look like single walkers and lie wholly inside the picture.

        Args:
            boxes: (n, 4) as left, top, right, bottom in pixels.
            picture: Width and height in pixels.
        """
        width, height = picture
        heights, widths = boxes[:, 3] - boxes[:, 1], boxes[:, 2] - boxes[:, 0]
        aspect = heights / np.maximum(widths, 1)
        inside = (
            (boxes[:, 0] > 1)
            & (boxes[:, 1] > 1)
            & (boxes[:, 2] < width - 1)
            & (boxes[:, 3] < height - 1)
        )
        single = inside & (aspect > ASPECT_RANGE[0]) & (aspect < ASPECT_RANGE[1])
        self._samples.extend(zip(boxes[single, 3].tolist(), heights[single].tolist(), strict=True))
        self._new += int(np.count_nonzero(single))
        if self._new >= REFIT_EVERY and len(self._samples) >= ENOUGH:
            self._new = 0
            self._fit()

    def height_at(self, feet: NDArray[np.float32]) -> NDArray[np.float32]:
        """Expected height in pixels of people whose feet are in the given rows, (n,)."""
        line = self._height_at_zero + self._slope * feet
        return np.asarray(np.maximum(line, self._least), np.float32)

    def plausible(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes can be people; all of them while the perspective is not known."""
        if not self.known or not len(boxes):
            return np.ones(len(boxes), bool)
        ratio = (boxes[:, 3] - boxes[:, 1]) / self.height_at(boxes[:, 3])
        return np.asarray((ratio > TOLERANCE[0]) & (ratio < TOLERANCE[1]))

    def _fit(self) -> None:
        feet, heights = np.array(self._samples).T
        weights = heights**2
        for _ in range(ROUNDS):
            slope, at_zero = _line(feet, heights, weights)
            expected = np.maximum(at_zero + slope * feet, 1.0)
            misfit = np.log(heights / expected) / SPREAD
            weights = np.exp(-0.5 * misfit**2) / expected**2
        self._slope, self._height_at_zero = slope, at_zero
        # Above every foot that was seen, the line may fall below anything sensible.
        self._least = 0.8 * float(np.percentile(heights, 20))
        self.known = True


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Slope (not negative: the ground is below the camera) and value at zero of the weighted best line."""
    total = weights.sum()
    mean_x, mean_y = (weights @ x) / total, (weights @ y) / total
    spread = weights @ (x - mean_x) ** 2 / total
    # Feet in one row say nothing about the slope.
    slope = weights @ ((x - mean_x) * (y - mean_y)) / total / spread if spread > 25 else 0.0
    slope = max(float(slope), 0.0)
    return slope, float(mean_y - slope * mean_x)
