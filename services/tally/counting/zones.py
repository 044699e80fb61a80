"""Counts entries into zones, exits from them, and who is inside.

A border is settled when an object is farther on its other side than the band (see `lines`), or has been on the
other side for long enough; so nobody flickers in and out, and zones smaller than the band work too. Entry and
exit times are those of the first observation on the new side. A track that ends inside leaves when it was last
seen, so that entries and exits always balance and occupancy cannot drift.

How long one will wait who joins a queue now is the number inside divided by the rate at which people leave (Little
1961), taken over the last minutes with weights that fade exponentially: it needs nobody to be followed from end to end.
"""

from collections.abc import Sequence
from math import nan
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
        self._loitering_s = np.array([zone.loitering_s for zone in zones], np.float64)
        self._state: NDArray[Any] = np.zeros((0, len(self._zones)), _STATE)
        self._leaving: NDArray[Any] = np.zeros(len(self._zones), _LEAVING)
        self._began_s = nan
        self._queues = any(zone.queue for zone in zones)

    @property
    def occupancy(self) -> dict[str, int]:
        """How many tracks are inside each zone."""
        inside = self._state["inside"].sum(axis=0)
        return {zone.name: int(count) for zone, count in zip(self._zones, inside, strict=True)}

    def waits_s(self, time_s: float) -> dict[str, float]:
        """How long whoever joins a queue at `time_s` will wait, by zone, of queues that anybody left lately."""
        if not self._queues:
            return {}
        since = self._leaving
        left = since["weight"] * np.exp((since["last_s"] - time_s) / _MEMORY_S)
        # The weights of all moments since the beginning, which are fewer than of a whole memory at first.
        span_s = _MEMORY_S * -np.expm1((self._began_s - time_s) / _MEMORY_S)
        inside = self._state["inside"].sum(axis=0)
        return {
            zone.name: float(count * span_s / weight)
            for zone, count, weight in zip(self._zones, inside, left, strict=True)
            if zone.queue and weight >= _LEAST_WEIGHT
        }

    def begin(self, time_s: float) -> None:
        """Begins at the time of the first frame."""
        self._began_s = time_s

    def walk(
        self, rows: IndexArray, boxes: FloatArray, times_s: FloatArray, tracks: NDArray[Any]
    ) -> list[Visit]:
        """Moves the tracks at `rows` to where they were at `times_s` and returns whom that let in or out."""
        if not self._zones:
            return []
        changed, staying = _walk(
            self._state,
            rows,
            boxes,
            times_s,
            self._shapes,
            self._offset,
            self._hysteresis,
            self._settle_s,
            self._loitering_s,
        )
        loitering = [self._loiter(row, zone, tracks) for row, zone in staying]
        return [*loitering, *self._change(changed, tracks)]

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Visit]:
        """Lets out tracks that ended."""
        return self._change(_leave(self._state, rows), tracks)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {
            "state": self._state,
            "leaving": self._leaving,
            "began_s": np.array(self._began_s),
        }

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self._state, self._leaving = saved["state"], saved["leaving"]
        self._began_s = float(saved["began_s"])

    def _change(self, changed: IndexArray, tracks: NDArray[Any]) -> list[Visit]:
        """Lets tracks in or out where a border is settled: (k, 2) rows and zones."""
        visits = []
        for row, zone in changed:
            at, track = self._state[row, zone], tracks[row]
            time_s, leaves = float(at["beyond_s"]), bool(at["inside"])
            if leaves:
                dwell_s = time_s - float(at["entered_s"])
                if dwell_s >= self._loitering_s[zone] and not at["loitered"]:
                    visits.append(self._loiter(row, zone, tracks))
                visits.append(self._visit(VisitKind.EXIT, zone, at, track, time_s, dwell_s))
                self._note_leaving(zone, time_s)
            else:
                visits.append(self._visit(VisitKind.ENTRY, zone, at, track, time_s))
                if self._zones[zone].restricted:
                    visits.append(self._visit(VisitKind.INTRUSION, zone, at, track, time_s))
            at["entered_s"] = time_s
            at["visits"] += leaves
            at["inside"] = not leaves
            at["beyond"] = at["loitered"] = False
        return visits

    def _loiter(self, row: int, zone: int, tracks: NDArray[Any]) -> Visit:
        """Tells, once, of a track that has stayed for long."""
        at = self._state[row, zone]
        at["loitered"] = True
        since_s = float(at["entered_s"]) + float(self._loitering_s[zone])
        return self._visit(VisitKind.LOITERING, zone, at, tracks[row], since_s)

    def _visit(
        self,
        kind: VisitKind,
        zone: int,
        at: Any,
        track: Any,
        time_s: float,
        dwell_s: float | None = None,
    ) -> Visit:
        return Visit(
            zone=self._zones[zone].name,
            kind=kind,
            track=int(track["id"]),
            ordinal=int(at["visits"]),
            time_s=time_s,
            dwell_s=dwell_s,
            class_id=int(track["class_id"]),
        )

    def _note_leaving(self, zone: int, time_s: float) -> None:
        since = self._leaving[zone]
        # Of those who leave, some are told late, and in another order than they left in.
        fade = np.exp(-abs(time_s - since["last_s"]) / _MEMORY_S)
        if time_s >= since["last_s"]:
            since["weight"] = since["weight"] * fade + 1
            since["last_s"] = time_s
        else:
            since["weight"] += fade


_STATE = np.dtype(
    [
        ("time_s", np.float64),
        ("beyond_s", np.float64),
        ("entered_s", np.float64),
        ("visits", np.int64),
        ("inside", np.bool_),
        ("beyond", np.bool_),
        ("loitered", np.bool_),
    ],
    align=True,
)
"""Of a track at a zone, all zero before the track's first observation."""

_LEAVING = np.dtype([("weight", np.float64), ("last_s", np.float64)])
"""Of a zone: exits, each weighted by how long it was before the last one."""
_MEMORY_S = 300.0
"""What happened so long ago weighs a third of what happens now (one part in e)."""
_LEAST_WEIGHT = 1.0
"""With less, the last who left did so too long ago to tell at what rate people leave."""


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
    loitering_s: FloatArray,
) -> tuple[IndexArray, IndexArray]:
    """Takes the tracks where they are now; returns rows and zones whose border is settled, and where they loiter."""
    zones = len(offset)
    changed = np.empty((len(rows) * zones, 2), np.intp)
    staying = np.empty((len(rows) * zones, 2), np.intp)
    count = stay = 0
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
            elif (
                at.inside
                and not beyond
                and not at.loitered
                and times_s[k] - at.entered_s >= loitering_s[zone]
            ):
                staying[stay, 0], staying[stay, 1] = rows[k], zone
                stay += 1
    return changed[:count], staying[:stay]


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
