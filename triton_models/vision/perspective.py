"""How tall a person appears, depending on where they stand; learnt from the scene itself.

On flat ground, the height of an upright person in the picture grows linearly with the row of the feet
below the horizon (Hoiem et al. 2006, "Putting objects in perspective"). Blobs that look like one walker
feed a running least-squares fit of that line.
"""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

WIDTH_OF_HEIGHT = 0.4
"""A walker's width as part of their height."""
ASPECT_RANGE = (1.6, 4.0)
"""Height over width of a blob that is taken for one walker."""
MEMORY = 0.999
"""Weight that a sample keeps with each further one."""
ENOUGH = 40.0
"""Weight of samples from which on the fit is trusted."""
TOLERANCE = (0.45, 1.9)
"""Heights between these multiples of the expected one are plausible."""


class Perspective:
    """The running fit, and what it says about boxes."""

    def __init__(self) -> None:
        self._moments = np.zeros(5)  # sums of weight, y, y², h, y·h

    @property
    def known(self) -> bool:
        """Whether enough was seen to trust the fit."""
        return bool(self._moments[0] >= ENOUGH)

    def learn(self, boxes: Boxes, picture: tuple[int, int]) -> None:
        """Take note of blobs that look like single walkers and lie wholly inside the picture.

        Args:
            boxes: (n, 4) as left, top, right, bottom in pixels.
            picture: Width and height in pixels.
        """
        if not len(boxes):
            return
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
        if self.known:
            expected = self.height_at(boxes[:, 3])
            single &= (heights > 0.6 * expected) & (heights < 1.5 * expected)
        for foot, tall in zip(boxes[single, 3], heights[single], strict=True):
            sample = np.array([1.0, foot, foot * foot, tall, foot * tall])
            self._moments = self._moments * MEMORY + sample

    def height_at(self, feet: NDArray[np.float32]) -> NDArray[np.float32]:
        """Expected height in pixels of people whose feet are in the given rows, (n,)."""
        weight, y, yy, h, yh = self._moments
        mean = h / weight
        spread = yy * weight - y * y
        slope = (yh * weight - y * h) / spread if spread > 25 * weight * weight else 0.0
        slope = max(slope, 0.0)
        return np.maximum(mean + slope * (feet - y / weight), 0.3 * mean).astype(np.float32)

    def plausible(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes can be people; all of them while the perspective is not known."""
        if not self.known or not len(boxes):
            return np.ones(len(boxes), bool)
        ratio = (boxes[:, 3] - boxes[:, 1]) / self.height_at(boxes[:, 3])
        return np.asarray((ratio > TOLERANCE[0]) & (ratio < TOLERANCE[1]))
