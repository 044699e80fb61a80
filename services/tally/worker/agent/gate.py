"""Tells which frames look like one that was looked at already."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.counting import Mask
from tally.worker.agent.sources import Frame, Image

SIDE = 160
"""Frames are compared at this longest side: noise averages out, and the smallest people still fill some cells."""
HOLD_S = 2.0
"""How long every frame is looked at after something moved; as long as the engine waits for the lost."""
REFRESH_S = 1.0
"""How old what was seen may become."""

_LEAST, _MOST = 6.0, 12.0
"""Grey levels by which a cell must differ: less is what compression does, and beyond it people would be overlooked."""
_DEVIATIONS = 5.0
_CALM_HALF = 0.3246
"""Mean absolute value of the calmer half of normal deviates, in standard deviations."""
_NOISE_WEIGHT = 0.1
_FRAMES_TO_LEARN = 10


class MotionGate:
    """Compares each frame with the last one that was looked at, on a small grey picture.

    A frame may be skipped if no cell differs from that one by more than the picture's noise explains. So it does not
    matter how slowly somebody moves, since the difference adds up; and light that fades is looked at once it shows.
    The noise is measured between successive frames on the calmer half of the cells, where nobody moves. Where
    it is so strong that people could hide in it, nothing is skipped.

    Deterministic: the same frames give the same answers.

    Args:
        masks: Where motion does not matter.
    """

    def __init__(self, masks: Sequence[Mask] = ()) -> None:
        self._masks = masks
        self._before: NDArray[np.int16] | None = None
        self._looked_at: NDArray[np.int16]
        self._looked_at_s = 0.0
        self._open_until_s = 0.0
        self._relevant: NDArray[np.bool_]
        self._noise = 0.0
        self._frames = 0

    def skips(self, frame: Frame) -> bool:
        """Whether the frame shows what the last one showed for which the answer was no."""
        small = small_grey(frame.image)
        if self._before is None or self._before.shape != small.shape:
            self._relevant = _outside(self._masks, small.shape)
            self._open_until_s = frame.time_s + HOLD_S
        else:
            self._measure_noise(small - self._before)
            if self._moved(small - self._looked_at):
                self._open_until_s = frame.time_s + HOLD_S
        self._before = small
        if self._open_until_s <= frame.time_s < self._looked_at_s + REFRESH_S:
            return True
        self._looked_at, self._looked_at_s = small, frame.time_s
        return False

    def reopen(self, time_s: float) -> None:
        """The last frame, of `time_s`, is looked at nevertheless, and so are those that follow for a while."""
        if self._before is not None:
            self._looked_at, self._looked_at_s = self._before, time_s
        self._open_until_s = time_s + HOLD_S

    def _measure_noise(self, difference: NDArray[np.int16]) -> None:
        cells = np.abs(difference).ravel()
        half = cells.size // 2
        noise = float(np.partition(cells, half)[:half].mean()) / _CALM_HALF
        self._frames += 1
        self._noise += max(_NOISE_WEIGHT, 1 / self._frames) * (noise - self._noise)

    def _moved(self, difference: NDArray[np.int16]) -> bool:
        threshold = max(_LEAST, _DEVIATIONS * self._noise)
        if threshold > _MOST or self._frames < _FRAMES_TO_LEARN:
            return True
        return bool(np.any((np.abs(difference) > threshold) & self._relevant))


def small_grey(image: Image) -> NDArray[np.int16]:
    """The picture in grey, its longest side `SIDE` cells at most."""
    height, width = image.shape[:2]
    scale = min(SIDE / max(height, width), 1)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    # Every other row is enough to average over, in half the time.
    reduced = cv2.resize(image[::2], size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(reduced, cv2.COLOR_BGR2GRAY).astype(np.int16)


def _outside(masks: Sequence[Mask], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Cells that are not deep inside a mask: at its border stand those whose feet are outside."""
    height, width = shape
    masked = np.zeros((height, width), np.uint8)
    for mask in masks:
        corners = np.round(np.array(mask.polygon) * (width, height)).astype(np.int32)
        cv2.fillPoly(masked, [corners], 1)
    return np.asarray(cv2.erode(masked, np.ones((5, 5), np.uint8)) == 0)
