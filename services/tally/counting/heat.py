"""Where in the picture believed tracks were, and for how long: seconds in the cells of a grid.

Summed over an hour or a day this is the heat map that people know. It is told a minute at a time, so that what it
adds to records is small. The minute so far is a part of what the engine remembers: whoever goes on from that loses
nothing, whoever begins afresh loses that minute.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.events import Heat
from tally.counting.rows import follow
from tally.counting.state import Tables

COLUMNS: Final = 48
ROWS: Final = 27
SPAN_S: Final = 60.0
LONGEST_STEP_S: Final = 1.0
"""Who was out of sight for longer spent at most this long where he is seen again."""

_STATE = np.dtype([("time_s", np.float64), ("placed", np.bool_)], align=True)


class HeatMap:
    """The seconds that foot points spent in each cell since they were last told.

    Args:
        frame_size: Width and height of the picture in pixels.
    """

    def __init__(self, frame_size: tuple[int, int]) -> None:
        self._frame_size = frame_size
        self._state: NDArray[Any] = np.zeros(0, _STATE)
        self._seconds: FloatArray = np.zeros(ROWS * COLUMNS)
        self._span = 0

    def walk(self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray) -> None:
        """Walks the tracks at `rows` to where they were at `times_s`; see `tracker.Steps`."""
        _walk(self._state, self._seconds, rows, boxes, times_s, *self._frame_size)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def told_at(self, time_s: float) -> Heat | None:
        """What is to be told with a frame: the minute before, if the frame is the first of another one."""
        span = int(time_s // SPAN_S)
        if span == self._span:
            return None
        self._span = span
        return self.told()

    def told(self) -> Heat | None:
        """What was not told yet, in whole milliseconds; what is left of one is told later. None if that is nothing."""
        milliseconds = np.rint(self._seconds * 1000).astype(np.int64)
        cells = np.flatnonzero(milliseconds > 0)
        if not len(cells):
            return None
        self._seconds[cells] -= milliseconds[cells] / 1000
        return Heat(cells, milliseconds[cells])

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {"state": self._state, "seconds": self._seconds, "span": np.array(self._span)}

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self._state, self._seconds = saved["state"], saved["seconds"]
        self._span = int(saved["span"])


@compiled
def _walk(
    state: NDArray[Any],
    seconds: FloatArray,
    rows: IndexArray,
    boxes: FloatArray,
    times_s: FloatArray,
    width: int,
    height: int,
) -> None:
    for k in range(len(rows)):
        at = state[rows[k]]
        if at.placed:
            column = int(boxes[k, 0] / width * COLUMNS)
            row = int((boxes[k, 1] + boxes[k, 3]) / height * ROWS)
            cell = min(max(row, 0), ROWS - 1) * COLUMNS + min(max(column, 0), COLUMNS - 1)
            seconds[cell] += min(max(times_s[k] - at.time_s, 0.0), LONGEST_STEP_S)
        at.placed, at.time_s = True, times_s[k]
