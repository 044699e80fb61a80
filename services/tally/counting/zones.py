"""Counts entries into zones, exits from them, and who is inside.

A border is settled when an object is farther on its other side than the band (see `lines`), or has been on the
other side for long enough; so nobody flickers in and out, and zones smaller than the band work too. Entry and
exit times are those of the first observation on the new side. A track that ends inside leaves when it was last
seen, so that entries and exits always balance and occupancy cannot drift.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.events import Visit, VisitKind
from tally.counting.geometry import Zone
from tally.counting.rows import follow


class ZoneCounter:
    """The state of every track at every zone."""

    def __init__(
        self,
        zones: Sequence[Zone],
        frame_size: tuple[int, int],
        hysteresis: float,
        settle_s: float,
    ) -> None:
        self._zones = tuple(zones)
        self._hysteresis = hysteresis
        self._settle_s = settle_s
        scale = np.array(frame_size, np.float64)
        polygons = [np.array(zone.polygon, np.float64) * scale for zone in zones]
        sizes = [len(polygon) for polygon in polygons]
        # The sides of all zones stand in one array, those of each zone from its first to the next one's.
        self._first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self._corner = np.concatenate([np.empty((0, 2)), *polygons])
        self._way = np.concatenate(
            [np.empty((0, 2)), *(np.roll(polygon, -1, axis=0) - polygon for polygon in polygons)]
        )
        self._offset = np.array([zone.anchor.offset for zone in zones], np.float64)
        self._state: NDArray[Any] = np.zeros((0, len(self._zones)), _STATE)

    @property
    def occupancy(self) -> dict[str, int]:
        """How many tracks are inside each zone."""
        inside = self._state["inside"].sum(axis=0)
        return {zone.name: int(count) for zone, count in zip(self._zones, inside, strict=True)}

    def walk(
        self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray, tracks: NDArray[Any]
    ) -> list[Visit]:
        """Moves the tracks at `rows` to where they were at `times_s` and returns whom that let in or out."""
        if not self._zones:
            return []
        changed = _walk(
            self._state,
            rows,
            boxes,
            times_s,
            self._first,
            self._corner,
            self._way,
            self._offset,
            self._hysteresis,
            self._settle_s,
        )
        return self._change(changed, tracks)

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Visit]:
        """Lets out tracks that ended."""
        return self._change(_leave(self._state, rows), tracks)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def _change(self, changed: IndexArray, tracks: NDArray[Any]) -> list[Visit]:
        """Lets tracks in or out where a border is settled: (k, 2) rows and zones."""
        visits = []
        for row, zone in changed:
            at, track = self._state[row, zone], tracks[row]
            time_s, leaves = float(at["beyond_s"]), bool(at["inside"])
            visits.append(
                Visit(
                    zone=self._zones[zone].name,
                    kind=VisitKind.EXIT if leaves else VisitKind.ENTRY,
                    track=int(track["id"]),
                    ordinal=int(at["visits"]),
                    time_s=time_s,
                    dwell_s=time_s - float(at["entered_s"]) if leaves else None,
                    class_id=int(track["class_id"]),
                )
            )
            at["entered_s"] = time_s
            at["visits"] += leaves
            at["inside"] = not leaves
            at["beyond"] = False
        return visits


_STATE = np.dtype(
    [
        ("time_s", np.float64),
        ("beyond_s", np.float64),
        ("entered_s", np.float64),
        ("visits", np.int64),
        ("inside", np.bool_),
        ("beyond", np.bool_),
    ],
    align=True,
)
"""Of a track at a zone, all zero before the track's first observation."""


@compiled
def _walk(
    state: NDArray[Any],
    rows: IndexArray,
    boxes: FloatArray,
    times_s: FloatArray,
    first: IndexArray,
    corner: FloatArray,
    way: FloatArray,
    offset: FloatArray,
    hysteresis: float,
    settle_s: float,
) -> IndexArray:
    """Takes the tracks where they are now; returns the rows and zones whose border is settled."""
    zones = len(first) - 1
    changed = np.empty((len(rows) * zones, 2), np.intp)
    count = 0
    for k in range(len(rows)):
        for zone in range(zones):
            at = state[rows[k], zone]
            sides = slice(first[zone], first[zone + 1])
            x, y = boxes[k, 0], boxes[k, 1] + boxes[k, 3] * offset[zone]
            contained, distance = _locate(x, y, corner[sides], way[sides])
            beyond = contained != at.inside
            if beyond and not at.beyond:
                at.beyond_s = times_s[k]
            at.beyond = beyond
            at.time_s = times_s[k]
            deep = distance > hysteresis * boxes[k, 3]
            if beyond and (deep or times_s[k] - at.beyond_s >= settle_s):
                changed[count, 0], changed[count, 1] = rows[k], zone
                count += 1
    return changed[:count]


@compiled
def _leave(state: NDArray[Any], rows: IndexArray) -> IndexArray:
    """Returns the rows and zones where tracks that ended are inside; they left when they were last seen there."""
    zones = state.shape[1]
    changed = np.empty((len(rows) * zones, 2), np.intp)
    count = 0
    for row in rows:
        for zone in range(zones):
            at = state[row, zone]
            if at.inside:
                if not at.beyond:
                    at.beyond_s = at.time_s
                changed[count, 0], changed[count, 1] = row, zone
                count += 1
    return changed[:count]


@compiled
def _locate(x: float, y: float, corner: FloatArray, way: FloatArray) -> tuple[bool, float]:
    """Returns whether a point is inside a polygon, and its distance from the border in pixels."""
    inside, nearest = False, np.inf
    for k in range(len(corner)):
        from_x, from_y = x - corner[k, 0], y - corner[k, 1]
        way_x, way_y = way[k, 0], way[k, 1]
        # A ray to the right meets the sides that span the point's height and lie to its right.
        if (from_y >= 0) != (from_y >= way_y) and (from_x * way_y < from_y * way_x) == (way_y > 0):
            inside = not inside
        along = (from_x * way_x + from_y * way_y) / (way_x**2 + way_y**2)
        along = min(max(along, 0.0), 1.0)
        nearest = min(nearest, np.hypot(from_x - along * way_x, from_y - along * way_y))
    return inside, nearest
