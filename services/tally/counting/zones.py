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
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        self._corner = np.concatenate([np.empty((0, 2)), *polygons])
        self._way = np.concatenate(
            [np.empty((0, 2)), *(np.roll(polygon, -1, axis=0) - polygon for polygon in polygons)]
        )
        self._offset = np.repeat([zone.anchor.offset for zone in zones], sizes)
        per_zone = (len(self._zones),)
        self._state: NDArray[Any] = np.zeros(
            0,
            np.dtype(
                [
                    ("time_s", np.float64),
                    ("inside", np.bool_, per_zone),
                    ("beyond", np.bool_, per_zone),
                    ("beyond_s", np.float64, per_zone),
                    ("entered_s", np.float64, per_zone),
                    ("visits", np.int64, per_zone),
                ]
            ),
        )

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
        state = self._state[rows]
        contained, distance = self._locate(boxes)
        beyond = contained != state["inside"]
        times = times_s[:, None]
        state["beyond_s"] = np.where(beyond & ~state["beyond"], times, state["beyond_s"])
        state["beyond"] = beyond
        state["time_s"] = times_s
        deep = distance > self._hysteresis * boxes[:, 3:]
        changed = beyond & (deep | (times - state["beyond_s"] >= self._settle_s))
        visits = self._change(state, changed, state["beyond_s"], tracks[rows])
        self._state[rows] = state
        return visits

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Visit]:
        """Lets out tracks that ended."""
        state = self._state[rows]
        last_s = np.where(state["beyond"], state["beyond_s"], state["time_s"][:, None])
        return self._change(state, state["inside"].copy(), last_s, tracks[rows])

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def _locate(self, boxes: FloatArray) -> tuple[NDArray[np.bool_], FloatArray]:
        """Returns (n, zones): whether each anchor is inside, and its distance from the border in pixels."""
        x = boxes[:, :1] - self._corner[:, 0]
        y = boxes[:, 1:2] + boxes[:, 3:] * self._offset - self._corner[:, 1]
        way_x, way_y = self._way[:, 0], self._way[:, 1]
        # A ray to the right meets the sides that span the anchor's height and lie to its right.
        spans = (y >= 0) != (y >= way_y)
        right = (x * way_y < y * way_x) == (way_y > 0)
        contained = np.logical_xor.reduceat(spans & right, self._first, axis=1)
        along = np.clip((x * way_x + y * way_y) / (way_x**2 + way_y**2), 0.0, 1.0)
        distance = np.hypot(x - along * way_x, y - along * way_y)
        return contained, np.minimum.reduceat(distance, self._first, axis=1)

    def _change(
        self,
        state: NDArray[Any],
        changed: NDArray[np.bool_],
        changed_s: FloatArray,
        tracks: NDArray[Any],
    ) -> list[Visit]:
        visits = []
        for row, zone in np.argwhere(changed):
            one, time_s = state[row], float(changed_s[row, zone])
            leaves = bool(one["inside"][zone])
            visits.append(
                Visit(
                    zone=self._zones[zone].name,
                    kind=VisitKind.EXIT if leaves else VisitKind.ENTRY,
                    track=int(tracks["id"][row]),
                    ordinal=int(one["visits"][zone]),
                    time_s=time_s,
                    dwell_s=time_s - float(one["entered_s"][zone]) if leaves else None,
                    class_id=int(tracks["class_id"][row]),
                )
            )
            one["entered_s"][zone] = time_s
            one["visits"][zone] += leaves
            one["inside"][zone] = not leaves
            one["beyond"][zone] = False
        return visits
