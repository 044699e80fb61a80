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
        per_line = (len(self._lines),)
        self._state: NDArray[Any] = np.zeros(
            0,
            np.dtype(
                [
                    ("time_s", np.float64),
                    ("band", np.float64),
                    ("distance", np.float64, per_line),
                    ("along", np.float64, per_line),
                    ("sign", np.int8, per_line),
                    ("side", np.int8, per_line),
                    ("net", np.int64, per_line),
                    ("passed_s", np.float64, per_line),
                    ("crossings", np.int64, per_line),
                ]
            ),
        )

    def walk(
        self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray, tracks: NDArray[Any]
    ) -> list[Crossing]:
        """Walks the tracks at `rows` to where they were at `times_s` and returns what they crossed."""
        state = self._state[rows]
        distance = boxes @ self._distance + self._distance_at_origin
        along = boxes @ self._along + self._along_at_origin
        before, sign = state["distance"], np.sign(distance).astype(np.int8)
        # Whoever stands exactly on the line is still on the side that he came from.
        passage = sign * state["sign"] < 0
        if passage.any():
            # Where there is no passage the difference may be zero, and the share has no meaning.
            share = np.divide(before, before - distance, where=passage, out=np.zeros_like(before))
            place = state["along"] + share * (along - state["along"])
            passage &= (place >= 0) & (place <= 1)
            since = state["time_s"][:, None]
            passed_s = since + share * (times_s[:, None] - since)
            state["passed_s"] = np.where(passage, passed_s, state["passed_s"])
            state["net"] += sign * passage
        state["band"] = self._hysteresis * boxes[:, 3]
        state["sign"] = np.where(sign == 0, state["sign"], sign)
        state["time_s"] = times_s
        state["distance"] = distance
        state["along"] = along
        crossings = self._settle(state, _side(distance, state["band"]), tracks[rows])
        self._state[rows] = state
        return crossings

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Crossing]:
        """Decides for tracks that ended inside the band: half its width is enough for them."""
        state = self._state[rows]
        side = _side(state["distance"], state["band"] / 2)
        return self._settle(state, side, tracks[rows])

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def _settle(
        self, state: NDArray[Any], side: NDArray[np.int8], tracks: NDArray[Any]
    ) -> list[Crossing]:
        settled = side != 0
        crossed = settled & (side != state["side"]) & (state["net"] * side > 0)
        crossings = [
            Crossing(
                line=self._lines[line].name,
                direction=Direction.IN if side[row, line] > 0 else Direction.OUT,
                track=int(tracks["id"][row]),
                ordinal=int(state["crossings"][row, line]),
                time_s=float(state["passed_s"][row, line]),
                class_id=int(tracks["class_id"][row]),
                score=float(tracks["score"][row]),
            )
            for row, line in np.argwhere(crossed)
        ]
        state["crossings"] += crossed
        state["side"] = np.where(settled, side, state["side"])
        state["net"] = np.where(settled, 0, state["net"])
        return crossings


def _side(distance: FloatArray, band: FloatArray) -> NDArray[np.int8]:
    """Returns (n, lines): 1 or −1 for what is farther from the line than the band (n,), otherwise 0."""
    return (np.sign(distance) * (np.abs(distance) > band[:, None])).astype(np.int8)


def _of_anchor(
    normal: FloatArray, start: FloatArray, offset: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Returns `weights` (4, lines) and `constant` with boxes @ weights + constant = normal · (anchor − start)."""
    no_width = np.zeros_like(offset)
    weights = np.stack([normal[0], normal[1], no_width, normal[1] * offset])
    return weights, -(normal * start.T).sum(axis=0)
