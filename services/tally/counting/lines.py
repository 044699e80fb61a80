"""Counts crossings of lines.

The path of an object is the chain of straight segments between its observations, so that nothing fast jumps
over a line, and who is hidden at the line still crosses it. A segment that passes the line between its ends is
a passage. Passages are netted, and a crossing is settled once the object has left the band along the line on the
other side: whoever dithers on the line crosses once or, having gone back, not at all, and whoever passes beyond
an end has no passage. The band is as wide as the object's box is high times the hysteresis, near or far.

A line that does not count U-turns holds each crossing back until nobody can come back in time any more.
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
from tally.counting.polylines import NOWHERE, Polylines, passage, polylines, signed_distance
from tally.counting.rows import follow


class LineCounter:
    """The state of every track at every line."""

    def __init__(
        self, lines: Sequence[Line], frame_size: tuple[int, int], hysteresis: float
    ) -> None:
        self._lines = tuple(lines)
        self._hysteresis = hysteresis
        self._shapes = polylines([line.points for line in lines], frame_size)
        self._offset = np.array([line.anchor.offset for line in lines], np.float64)
        self._u_turn_s = np.array([line.u_turn_s for line in lines], np.float64)
        self._state: NDArray[Any] = np.zeros((0, len(self._lines)), _STATE)

    def walk(
        self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray, tracks: NDArray[Any]
    ) -> list[Crossing]:
        """Walks the tracks at `rows` to where they were at `times_s` and returns what they crossed."""
        if not self._lines:
            return []
        told = _walk(
            self._state,
            rows,
            boxes,
            times_s,
            self._shapes,
            self._offset,
            self._u_turn_s,
            self._hysteresis,
        )
        return self._crossings(told, tracks)

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Crossing]:
        """Decides for tracks that ended inside the band, half its width is enough for them, and for U-turns."""
        return self._crossings(_end(self._state, rows, self._u_turn_s), tracks)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def _crossings(self, told: NDArray[Any], tracks: NDArray[Any]) -> list[Crossing]:
        return [
            Crossing(
                line=self._lines[one["line"]].name,
                direction=Direction.IN if one["side"] > 0 else Direction.OUT,
                track=int(tracks["id"][one["row"]]),
                ordinal=int(one["ordinal"]),
                time_s=float(one["time_s"]),
                class_id=int(tracks["class_id"][one["row"]]),
                score=float(tracks["score"][one["row"]]),
            )
            for one in told
        ]


_STATE = np.dtype(
    [
        ("time_s", np.float64),
        ("x", np.float64),
        ("y", np.float64),
        ("distance", np.float64),
        ("band", np.float64),
        ("passed_s", np.float64),
        ("held_s", np.float64),
        ("net", np.int64),
        ("crossings", np.int64),
        ("sign", np.int8),
        ("side", np.int8),
        ("held", np.int8),
    ],
    align=True,
)
"""Of a track at a line, all zero before the track's first observation."""

_TOLD = np.dtype(
    [
        ("row", np.int64),
        ("line", np.int64),
        ("side", np.int64),
        ("ordinal", np.int64),
        ("time_s", np.float64),
    ],
    align=True,
)
"""A crossing that is certain: `side` is where it led, 1 or −1."""


@compiled
def _walk(
    state: NDArray[Any],
    rows: IndexArray,
    boxes: FloatArray,
    times_s: FloatArray,
    shapes: Polylines,
    offset: FloatArray,
    u_turn_s: FloatArray,
    hysteresis: float,
) -> NDArray[Any]:
    lines = len(offset)
    told = np.empty(2 * len(rows) * lines, _TOLD)
    count = 0
    for k in range(len(rows)):
        x, time_s, band = boxes[k, 0], times_s[k], hysteresis * boxes[k, 3]
        for line in range(lines):
            at = state[rows[k], line]
            y = boxes[k, 1] + boxes[k, 3] * offset[line]
            distance = signed_distance(shapes, line, x, y)
            sign = (distance > 0) - (distance < 0)
            # Whoever stands exactly on the line is still on the side that he came from.
            if sign * at.sign < 0:
                share = passage(shapes, line, at.x, at.y, at.sign, x, y)
                if share != NOWHERE:
                    at.passed_s = at.time_s + share * (time_s - at.time_s)
                    at.net += sign
            if sign != 0:
                at.sign = sign
            at.time_s, at.x, at.y = time_s, x, y
            at.distance, at.band = distance, band
            if _settles(at, band):
                count = _take(at, told, count, rows[k], line, u_turn_s[line])
            # Whoever passed the line again, and has yet to leave the band, may still have turned in time.
            until_s = time_s if at.net == 0 else at.passed_s
            if at.held != 0 and until_s - at.held_s > u_turn_s[line]:
                count = _tell_held(at, told, count, rows[k], line)
    return told[:count]


@compiled
def _end(state: NDArray[Any], rows: IndexArray, u_turn_s: FloatArray) -> NDArray[Any]:
    lines = len(u_turn_s)
    told = np.empty(2 * len(rows) * lines, _TOLD)
    count = 0
    for row in rows:
        for line in range(lines):
            at = state[row, line]
            if _settles(at, at.band / 2):
                count = _take(at, told, count, row, line, u_turn_s[line])
            if at.held != 0:
                count = _tell_held(at, told, count, row, line)
    return told[:count]


@compiled
def _settles(at: Any, band: float) -> bool:
    """Settles on which side of the line a track is, if it is beyond the band; returns whether it has crossed."""
    if abs(at.distance) <= band:
        return False
    side = 1 if at.distance > 0 else -1
    crossed: bool = side != at.side and at.net * side > 0
    at.side = side
    at.net = 0
    return crossed


@compiled
def _take(at: Any, told: NDArray[Any], count: int, row: int, line: int, u_turn_s: float) -> int:
    """Tells of a crossing that was just settled, holds it back, or takes it and the one held back for a U-turn."""
    if u_turn_s == 0:
        return _tell(at, told, count, row, line, at.side, at.passed_s)
    if at.held == -at.side and at.passed_s - at.held_s <= u_turn_s:
        at.held = 0
        return count
    if at.held != 0:
        count = _tell_held(at, told, count, row, line)
    at.held, at.held_s = at.side, at.passed_s
    return count


@compiled
def _tell_held(at: Any, told: NDArray[Any], count: int, row: int, line: int) -> int:
    side, at.held = at.held, 0
    return _tell(at, told, count, row, line, side, at.held_s)


@compiled
def _tell(
    at: Any, told: NDArray[Any], count: int, row: int, line: int, side: int, time_s: float
) -> int:
    one = told[count]
    one.row, one.line, one.side = row, line, side
    one.ordinal, one.time_s = at.crossings, time_s
    at.crossings += 1
    return count + 1
