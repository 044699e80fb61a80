"""How fast tracks are, in metres per second on the floor.

The picture's perspective makes whoever walks at one pace faster as he comes near, so that speeds are smoothed on
the floor, where they are what they are: the mean since the track began, and an exponential one from `_SMOOTHING_S`
on. Differences of noisy places cancel but for the ends in either.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray
from tally.counting.calibration import Calibration
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.rows import follow
from tally.counting.state import Tables

_SMOOTHING_S = 1.0

_STATE = np.dtype(
    [
        ("began_s", np.float64),
        ("time_s", np.float64),
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("x_mps", np.float64),
        ("y_mps", np.float64),
        ("mps", np.float64),
        ("placed", np.bool_),
    ],
    align=True,
)
"""Of a track, all zero before its first observation below the horizon."""


class SpeedMeter:
    """The foot points of all tracks on the floor; nothing is known without a calibration."""

    def __init__(self, calibration: Calibration | None, frame_size: tuple[int, int]) -> None:
        self._homography = calibration.homography(frame_size) if calibration else None
        self._state: NDArray[Any] = np.zeros(0, _STATE)

    @property
    def mps(self) -> FloatArray:
        """(n,) speeds of the tracks in m/s; 0 where it is not known."""
        speeds: FloatArray = self._state["mps"]
        return speeds

    def walk(self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray) -> None:
        """Walks the tracks at `rows` to where they were at `times_s`; see `tracker.Steps`."""
        if self._homography is not None:
            _walk(self._state, rows, boxes, times_s, self._homography)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {"state": self._state}

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self._state = saved["state"]


@compiled
def _walk(
    state: NDArray[Any],
    rows: IndexArray,
    boxes: FloatArray,
    times_s: FloatArray,
    homography: FloatArray,
) -> None:
    for k in range(len(rows)):
        at = state[rows[k]]
        x, y = boxes[k, 0], boxes[k, 1] + boxes[k, 3]
        depth = homography[2, 0] * x + homography[2, 1] * y + homography[2, 2]
        if depth <= 0:
            at.placed, at.mps = False, 0.0
            continue
        x_m = (homography[0, 0] * x + homography[0, 1] * y + homography[0, 2]) / depth
        y_m = (homography[1, 0] * x + homography[1, 1] * y + homography[1, 2]) / depth
        step_s = times_s[k] - at.time_s
        if not at.placed:
            at.placed, at.began_s, at.x_mps, at.y_mps = True, times_s[k], 0.0, 0.0
        elif step_s > 0:
            share = max(1 - np.exp(-step_s / _SMOOTHING_S), step_s / (times_s[k] - at.began_s))
            at.x_mps += share * ((x_m - at.x_m) / step_s - at.x_mps)
            at.y_mps += share * ((y_m - at.y_m) / step_s - at.y_mps)
            at.mps = np.hypot(at.x_mps, at.y_mps)
        at.time_s, at.x_m, at.y_m = times_s[k], x_m, y_m
