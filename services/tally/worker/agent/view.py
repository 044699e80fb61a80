"""Tells whether a camera that hangs still looks where it did."""

import cv2
import numpy as np
from numpy.typing import NDArray

_RECENT_WEIGHT = 0.1
_LOOKS_TO_LEARN = 40
_REFERENCE_WEIGHT = 1 / 1200
"""Of a look in the reference: shadows that wander in the course of a day become part of it."""
_FAINT = 6.0
"""Gradients in grey levels that count half: what is weaker may be noise."""
_PATCHES = (4, 6)
_LEAST_STRUCTURE = 0.02
"""Mean square of a patch's lasting gradients, of at most 1: with less there is nothing to know it by."""
_LEAST_PATCHES = 4
_LEAST_LIKENESS = 0.4
_MOVED, _BACK = 0.4, 0.25
"""Share of the patches unlike what they were beyond which the view has moved, and below which it is back."""

Gradients = NDArray[np.float32]


class StillView:
    """Compares what lasts of a picture with what lasted when the camera began.

    What is compared are the directions of edges: they stay the same in any light, and each look adds at most as
    much as any other, so that people who walk by leave little in the mean. The picture is cut into patches, and the
    camera has moved when many are unlike their reference: a lorry, a crowd or a shadow changes some, a turn of the
    camera most. The shift itself is not measured: after a turn there may be nothing left that was seen before.

    Deterministic: the same pictures give the same answers.
    """

    def __init__(self) -> None:
        self._reference: Gradients | None = None
        self._recent: Gradients
        self._looks = 0
        self._moved = False

    def look(self, grey: NDArray[np.int16]) -> bool:
        """Take in a small grey picture; whether the view is another than at the beginning."""
        seen = _directions(grey)
        if self._reference is None or self._reference.shape != seen.shape:
            self._reference, self._recent, self._looks = seen, seen.copy(), 0
        self._looks += 1
        self._recent += max(_RECENT_WEIGHT, 1 / self._looks) * (seen - self._recent)
        if self._looks < _LOOKS_TO_LEARN:
            self._reference += (seen - self._reference) / self._looks
            return self._moved
        unlike = _unlike(self._reference, self._recent)
        self._moved = unlike > (_BACK if self._moved else _MOVED)
        if not self._moved:
            self._reference += _REFERENCE_WEIGHT * (seen - self._reference)
        return self._moved


def _directions(grey: NDArray[np.int16]) -> Gradients:
    """(height, width, 2) gradients with their angles doubled, their lengths squeezed into 0 to 1.

    Doubled, because what was darker than its surroundings by day may be brighter in infrared light at night.
    """
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    across, down = np.gradient(smooth, axis=1), np.gradient(smooth, axis=0)
    length = np.hypot(across, down)
    squeezed = 1 / ((length + _FAINT) * np.maximum(length, 1e-6))
    doubled = (across**2 - down**2) * squeezed, 2 * across * down * squeezed
    return np.stack(doubled, axis=-1, dtype=np.float32)


def _unlike(reference: Gradients, recent: Gradients) -> float:
    """Share of the patches with structure whose correlation with their reference is low; 0 if there are few of them."""
    together = _by_patch((reference * recent).sum(axis=-1))
    before, now = (_by_patch(np.square(each).sum(axis=-1)) for each in (reference, recent))
    known = before > _LEAST_STRUCTURE
    if known.sum() < _LEAST_PATCHES:
        return 0.0
    likeness = together[known] / np.sqrt(before[known] * np.maximum(now[known], 1e-9))
    return float((likeness < _LEAST_LIKENESS).mean())


def _by_patch(cells: NDArray[np.float32]) -> NDArray[np.float64]:
    """Means over `_PATCHES` parts of the picture."""
    rows, columns = (
        np.linspace(0, side, count, endpoint=False, dtype=np.intp)
        for side, count in zip(cells.shape, _PATCHES, strict=True)
    )
    sums = np.add.reduceat(np.add.reduceat(cells, rows, axis=0), columns, axis=1)
    return np.asarray(sums * (np.prod(_PATCHES) / cells.size), np.float64)
