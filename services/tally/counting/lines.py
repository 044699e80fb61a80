"""Counts crossings of lines.

The path of an object is the chain of straight segments between its observations, so that nothing fast jumps
over a line, and who is hidden at the line still crosses it. A segment that passes the line between its ends is
a passage. Passages are netted, and a crossing is told once the object has left the band along the line on the
other side: whoever dithers on the line crosses once or, having gone back, not at all, and whoever passes beyond
an end has no passage. The band is as wide as the object's box is high times the hysteresis, near or far.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.events import Crossing, Direction
from tally.counting.geometry import Line
from tally.counting.rows import follow


class LineCounter:
    """The state of every track at every line."""

    def __init__(
        self, lines: Sequence[Line], frame_size: tuple[int, int], hysteresis: float
    ) -> None:
        self._lines = tuple(lines)
        self._hysteresis = hysteresis
        scale = np.array(frame_size, np.float64)
        start = np.array([line.start for line in lines], np.float64).reshape(-1, 2) * scale
        way = np.array([line.end for line in lines], np.float64).reshape(-1, 2) * scale - start
        offset = np.array([line.anchor.offset for line in lines], np.float64)
        length = np.hypot(way[:, 0], way[:, 1])
        # Both are linear in a box: the distance of its anchor from the line in pixels, and the place
        # along the line, 0 at its start and 1 at its end.
        self._distance, self._distance_at_origin = _of_anchor(
            np.stack([-way[:, 1], way[:, 0]]) / length, start, offset
        )
        self._along, self._along_at_origin = _of_anchor(way.T / length**2, start, offset)
        self._state: NDArray[Any] = np.zeros((0, len(self._lines)), _STATE)

    def walk(
        self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray, tracks: NDArray[Any]
    ) -> list[Crossing]:
        """Walks the tracks at `rows` to where they were at `times_s` and returns what they crossed."""
        if not self._lines:
            return []
        distance = boxes @ self._distance + self._distance_at_origin
        along = boxes @ self._along + self._along_at_origin
        heights = boxes[:, 3]
        crossed = _walk(self._state, rows, distance, along, heights, times_s, self._hysteresis)
        return self._crossings(crossed, tracks)

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Crossing]:
        """Decides for tracks that ended inside the band: half its width is enough for them."""
        return self._crossings(_settle_all(self._state, rows), tracks)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def _crossings(self, crossed: IndexArray, tracks: NDArray[Any]) -> list[Crossing]:
        """Tells of the crossings that have just been settled: (k, 2) rows and lines."""
        return [
            Crossing(
                line=self._lines[line].name,
                direction=Direction.IN if self._state["side"][row, line] > 0 else Direction.OUT,
                track=int(tracks["id"][row]),
                ordinal=int(self._state["crossings"][row, line]) - 1,
                time_s=float(self._state["passed_s"][row, line]),
                class_id=int(tracks["class_id"][row]),
                score=float(tracks["score"][row]),
            )
            for row, line in crossed
        ]


_STATE = np.dtype(
    [
        ("time_s", np.float64),
        ("band", np.float64),
        ("distance", np.float64),
        ("along", np.float64),
        ("passed_s", np.float64),
        ("net", np.int64),
        ("crossings", np.int64),
        ("sign", np.int8),
        ("side", np.int8),
    ],
    align=True,
)
"""Of a track at a line, all zero before the track's first observation."""


@compiled
def _walk(
    state: NDArray[Any],
    rows: IndexArray,
    distance: FloatArray,
    along: FloatArray,
    heights: FloatArray,
    times_s: FloatArray,
    hysteresis: float,
) -> IndexArray:
    lines = distance.shape[1]
    crossed = np.empty((len(rows) * lines, 2), np.intp)
    count = 0
    for k in range(len(rows)):
        for line in range(lines):
            at = state[rows[k], line]
            now = distance[k, line]
            sign = (now > 0) - (now < 0)
            # Whoever stands exactly on the line is still on the side that he came from.
            if sign * at.sign < 0:
                share = at.distance / (at.distance - now)
                place = at.along + share * (along[k, line] - at.along)
                if 0 <= place <= 1:
                    at.passed_s = at.time_s + share * (times_s[k] - at.time_s)
                    at.net += sign
            if sign != 0:
                at.sign = sign
            at.band = hysteresis * heights[k]
            at.time_s = times_s[k]
            at.distance = now
            at.along = along[k, line]
            if _settles(at, at.band):
                crossed[count, 0], crossed[count, 1] = rows[k], line
                count += 1
    return crossed[:count]


@compiled
def _settle_all(state: NDArray[Any], rows: IndexArray) -> IndexArray:
    lines = state.shape[1]
    crossed = np.empty((len(rows) * lines, 2), np.intp)
    count = 0
    for row in rows:
        for line in range(lines):
            at = state[row, line]
            if _settles(at, at.band / 2):
                crossed[count, 0], crossed[count, 1] = row, line
                count += 1
    return crossed[:count]


@compiled
def _settles(at: Any, band: float) -> bool:
    """Settles on which side of the line a track is, if it is beyond the band; returns whether it has crossed."""
    if abs(at.distance) <= band:
        return False
    side = 1 if at.distance > 0 else -1
    crossed: bool = side != at.side and at.net * side > 0
    at.crossings += crossed
    at.side = side
    at.net = 0
    return crossed


def _of_anchor(
    normal: FloatArray, start: FloatArray, offset: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Returns `weights` (4, lines) and `constant` with boxes @ weights + constant = normal · (anchor − start)."""
    no_width = np.zeros_like(offset)
    weights = np.stack([normal[0], normal[1], no_width, normal[1] * offset])
    return weights, -(normal * start.T).sum(axis=0)
