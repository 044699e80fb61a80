"""Tells whether a stream that delivers frames shows what it should."""

from datetime import datetime
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.gate import small_grey
from tally.worker.agent.sources import Frame
from tally.worker.agent.view import StillView

FROZEN_AFTER_S = 6.0
OBSCURED_AFTER_S = 3.0
VIEW_MOVED_AFTER_S = 10.0
SLOW_AFTER_S = 10.0

_LOOK_S = 0.5
_STRIDE = 8
_FAINT, _RECOVERED = 0.25, 0.5
"""Parts of its usual texture below which a picture is obscured, and above which it is seen again."""
_LEAST_TEXTURE = 0.5
"""Grey levels between neighbouring cells: a picture with less shows nothing, whatever is usual."""
_LOOKS_TO_LEARN = 10
_WEIGHT = 1 / 600
"""Of a look in what is usual: it follows dusk within minutes, but not a hand before the lens."""
_RATE_WINDOW_S = 5.0
_SLOW = 0.5
"""Part of the nominal rate below which frames arrive too slowly."""


class Condition(Enum):
    """What may be wrong with pictures that arrive."""

    FROZEN = "frozen"
    OBSCURED = "obscured"
    VIEW_MOVED = "view_moved"
    SLOW = "slow"


class StreamHealth:
    """Looks at the frames of one run, twice a second of video.

    A picture is frozen if not one of its sampled pixels changes: the noise of a sensor always changes some.
    It is obscured if its texture, the mean difference between neighbouring cells of a small grey picture, falls far
    below what is usual for this camera, as behind a hand, under paint, or when the lights go out. The view has moved if
    what lasts in it is not what lasted at the beginning. Frames are slow if less than half of those arrive that the
    stream promises, which those that were skipped on this side count among.

    Deterministic: the same frames give the same answers.

    Args:
        view: What the camera showed so far; it may be older than the run.
        nominal_fps: Frames a second that the stream promises; None if it promises nothing.

    Attributes:
        conditions: What is wrong, and since when (UTC).
    """

    def __init__(self, view: StillView, nominal_fps: float | None) -> None:
        self.conditions: dict[Condition, datetime] = {}
        self._view = view
        self._nominal_fps = nominal_fps
        self._rate_from: Frame | None = None
        self._slow = False
        self._next_s = 0.0
        self._pixels: NDArray[np.uint8] | None = None
        self._usual = 0.0
        self._learnt = 0
        self._began: dict[Condition, tuple[float, datetime]] = {}

    def look(self, frame: Frame) -> bool:
        """Take in a frame; whether the conditions are others than before."""
        if frame.time_s < self._next_s:
            return False
        self._next_s = frame.time_s + _LOOK_S
        before = tuple(self.conditions)
        self._note(Condition.FROZEN, self._is_same(frame), FROZEN_AFTER_S, frame)
        grey = small_grey(frame.image)
        faint = self._is_faint(grey)
        self._note(Condition.OBSCURED, faint, OBSCURED_AFTER_S, frame)
        if not faint:  # or there is nothing to know the view by
            self._note(Condition.VIEW_MOVED, self._view.look(grey), VIEW_MOVED_AFTER_S, frame)
        self._note(Condition.SLOW, self._is_slow(frame), SLOW_AFTER_S, frame)
        return before != tuple(self.conditions)

    def _note(self, condition: Condition, seen: bool, after_s: float, frame: Frame) -> None:
        if not seen:
            self._began.pop(condition, None)
            self.conditions.pop(condition, None)
            return
        began_s, began_at = self._began.setdefault(condition, (frame.time_s, frame.captured_at))
        if frame.time_s - began_s >= after_s:
            self.conditions.setdefault(condition, began_at)

    def _is_same(self, frame: Frame) -> bool:
        before, self._pixels = self._pixels, frame.image[::_STRIDE, ::_STRIDE].copy()
        return before is not None and np.array_equal(before, self._pixels)

    def _is_slow(self, frame: Frame) -> bool:
        """What the last full window told; frames that were skipped keep their numbers."""
        if self._nominal_fps is None:
            return False
        since = self._rate_from = self._rate_from or frame
        passed_s = frame.time_s - since.time_s
        if passed_s >= _RATE_WINDOW_S:
            self._slow = frame.index - since.index < _SLOW * self._nominal_fps * passed_s
            self._rate_from = frame
        return self._slow

    def _is_faint(self, grey: NDArray[np.int16]) -> bool:
        texture = _texture(grey)
        part = _RECOVERED if Condition.OBSCURED in self._began else _FAINT
        if texture < max(_LEAST_TEXTURE, part * self._usual * (self._learnt >= _LOOKS_TO_LEARN)):
            return True
        self._learnt += 1
        self._usual += max(_WEIGHT, 1 / self._learnt) * (texture - self._usual)
        return False


def _texture(grey: NDArray[np.int16]) -> float:
    """Mean difference between neighbouring cells, in grey levels."""
    # Blurred first: the noise of a dark picture is no texture.
    smooth = cv2.blur(grey, (3, 3))
    return float(
        (np.abs(np.diff(smooth, axis=0)).mean() + np.abs(np.diff(smooth, axis=1)).mean()) / 2
    )
