"""Finds what moves before a fixed camera: background subtraction, then blobs cut to the size of a person.

The background is a mixture of Gaussians for each pixel with shadow detection (Zivkovic 2004, "Improved
adaptive Gaussian mixture model for background subtraction"). Blobs are merged and cut with the help of
the scene's own perspective, learnt from single walkers (see `perspective`).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.vision.blobs import Blobs, merge_fragments, split_groups
from triton_models.vision.perspective import Perspective

Mask = NDArray[np.uint8]

WORKING_SIDE = 480
"""Frames are reduced to this longest side: finer detail adds noise, not people."""
FOREGROUND = 255
"""What MOG2 writes for foreground; shadows get 127."""


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """How the detector decides.

    Attributes:
        history: Frames over which the background forgets, once it has settled.
        warm_up: Frames in which the background is learnt quickly.
        variance_threshold: Squared Mahalanobis distance beyond which a pixel is not background.
        light_change: Part of the picture that must change at once for it to be the light, not people.
        smallest: Smallest height of a person, as part of the picture's height.
    """

    history: int = 600
    warm_up: int = 40
    variance_threshold: float = 16.0
    light_change: float = 0.5
    smallest: float = 0.04


class MotionDetector:
    """The state of one camera. Deterministic: the same frames give the same boxes."""

    def __init__(self, config: MotionConfig | None = None) -> None:
        self._config = config or MotionConfig()
        self._background = cv2.createBackgroundSubtractorMOG2(
            self._config.history, self._config.variance_threshold, detectShadows=True
        )
        self._background.setShadowThreshold(0.5)
        self._perspective = Perspective()
        self._frames = 0
        self._shape: tuple[int, ...] = ()

    def detect(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What moves in the next frame.

        Args:
            frame: BGR, (h, w, 3). A change of size starts over.

        Returns:
            Boxes (n, 4) as left, top, right, bottom relative to the frame, and scores (n,): how much of its
            box an object fills, scaled so that a walker scores above 0.5.
        """
        if frame.shape != self._shape:
            self.__init__(self._config)  # type: ignore[misc]  # a new size is a new camera
            self._shape = frame.shape
        mask = self._foreground(_reduced(frame))
        if mask is None:
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        height, width = mask.shape
        blobs = Blobs.find(mask, smallest=self._config.smallest * height)
        self._perspective.learn(blobs.boxes, (width, height))
        blobs = merge_fragments(blobs, self._perspective)
        blobs = split_groups(blobs, mask, self._perspective)
        blobs = blobs.select(self._perspective.plausible(blobs.boxes))
        relative = blobs.boxes / np.array([width, height, width, height], np.float32)
        return relative.astype(np.float32), blobs.scores(mask)

    def _foreground(self, image: NDArray[np.uint8]) -> Mask | None:
        """Clean foreground; None while nothing can be said."""
        rate = max(1.0 / (self._frames + 1), 1.0 / self._config.history)
        if self._frames < self._config.warm_up:
            rate = max(rate, 0.05)
        raw = self._background.apply(cv2.GaussianBlur(image, (3, 3), 0), learningRate=rate)
        self._frames += 1
        if self._frames == 1:
            return None
        mask = np.where(raw == FOREGROUND, np.uint8(255), np.uint8(0))
        if np.count_nonzero(mask) > self._config.light_change * mask.size:
            self._frames = 1  # learn the new light as quickly as the first one
            return None
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _ellipse(3, 3))
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, _ellipse(5, 9))
        return np.asarray(closed, np.uint8)


def _reduced(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return frame
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _ellipse(width: int, height: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, height)), np.uint8)
