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
from tally.counting.polygons import Polygons, locate, polygons
from tally.counting.rows import follow
from tally.counting.state import Tables


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
        self._shapes = polygons([zone.polygon for zone in zones], frame_size)
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
            self._shapes,
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

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {"state": self._state}

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self._state = saved["state"]

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
    shapes: Polygons,
    offset: FloatArray,
    hysteresis: float,
    settle_s: float,
) -> IndexArray:
    """Takes the tracks where they are now; returns the rows and zones whose border is settled."""
    zones = len(offset)
    changed = np.empty((len(rows) * zones, 2), np.intp)
    count = 0
    for k in range(len(rows)):
        for zone in range(zones):
            at = state[rows[k], zone]
            x, y = boxes[k, 0], boxes[k, 1] + boxes[k, 3] * offset[zone]
            contained, distance = locate(shapes, zone, x, y)
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
