"""Counts crossings of lines.

The path of an object is the chain of straight segments between its observations, so that nothing fast jumps
over a line, and who is hidden at the line still crosses it. A segment that passes the line between its ends is
a passage. Passages are netted, and a crossing is settled once the object has left the band along the line on the
other side: whoever dithers on the line crosses once or, having gone back, not at all, and whoever passes beyond
an end has no passage. The band is as wide as the object's box is high times the hysteresis, near or far.

Who is first seen close behind a line, walking away from it, was seen too late: had he been there for as long as
it took to believe in his track, at the speed that he has, he would have been seen before the line. Such a track is
walked back by that time, if it was then in the picture and the stream had begun.

Each crossing says what speaks for it, which line its track had crossed before, and, at the second line of a pair or
where the floor is measured, how fast it was.

A line that does not count U-turns holds each crossing back until nobody can come back in time any more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.confidence import (
    BORN_NEAR,
    ENDED_NEAR,
    EXTRAPOLATED,
    INTERPOLATED,
    LONG_GAP_S,
    LOW_SCORE,
    SEEN_ON_BOTH_SIDES,
    STITCHED,
    confidence,
    told_evidence,
)
from tally.counting.detections import FloatArray
from tally.counting.events import Crossing, Direction
from tally.counting.geometry import Line
from tally.counting.polylines import NOWHERE, Polylines, passage, polylines, signed_distance
from tally.counting.rows import follow
from tally.counting.state import Tables


class LineCounter:
    """The state of every track at every line."""

    def __init__(
        self,
        lines: Sequence[Line],
        frame_size: tuple[int, int],
        hysteresis: float,
        high_score: float,
    ) -> None:
        self._lines = tuple(lines)
        self._pairs = _pairs(lines)
        self._hysteresis = hysteresis
        self._high_score = high_score
        self._shapes = polylines([line.points for line in lines], frame_size)
        self._offset = np.array([line.anchor.offset for line in lines], np.float64)
        self._u_turn_s = np.array([line.u_turn_s for line in lines], np.float64)
        self._frame_size = frame_size
        self._began_s = 0.0
        self._state: NDArray[Any] = np.zeros((0, len(self._lines)), _STATE)

    def begin(self, time_s: float) -> None:
        """The stream begins: nothing crossed before."""
        self._began_s = time_s

    def walk(
        self,
        rows: IndexArray,
        boxes: FloatArray,
        times_s: FloatArray,
        tracks: NDArray[Any],
        mps: FloatArray,
    ) -> list[Crossing]:
        """Walks the tracks at `rows` to where they were at `times_s` and returns what they crossed.

        `mps` are the speeds of all tracks; 0 where they are not known.
        """
        if not self._lines:
            return []
        told = _walk(
            self._state,
            rows,
            boxes,
            times_s,
            tracks,
            mps,
            self._shapes,
            self._offset,
            self._u_turn_s,
            self._hysteresis,
            self._high_score,
            self._began_s,
            self._frame_size,
        )
        return self._crossings(told, tracks)

    def end(self, rows: IndexArray, tracks: NDArray[Any]) -> list[Crossing]:
        """Decides for tracks that ended inside the band, half its width is enough for them, and for U-turns."""
        return self._crossings(_end(self._state, rows, self._u_turn_s), tracks)

    def follow(self, keep: NDArray[np.bool_], born: int) -> None:
        """Drops the rows of tracks that are gone and adds rows for `born` new ones."""
        self._state = follow(self._state, keep, born)

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {"state": self._state, "began_s": np.array(self._began_s)}

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self._state, self._began_s = saved["state"], float(saved["began_s"])

    def _crossings(self, told: NDArray[Any], tracks: NDArray[Any]) -> list[Crossing]:
        # Sorting takes longer than all the rest, and nothing is what most frames tell.
        return [
            self._crossing(one, tracks[one["row"]], self._state[one["row"]])
            for one in (np.sort(told, order="time_s") if len(told) else told)
        ]

    def _crossing(self, one: np.void, track: np.void, at: NDArray[Any]) -> Crossing:
        line, time_s, evidence = int(one["line"]), float(one["time_s"]), int(one["evidence"])
        before = np.flatnonzero(at["told"] & (at["told_s"] <= time_s))
        previous = before[at["told_s"][before].argmax()] if len(before) else None
        speed_mps = self._speed_mps(line, time_s, at) or float(one["mps"]) or None
        at["told"][line], at["told_s"][line] = True, time_s
        return Crossing(
            line=self._lines[line].name,
            direction=Direction.IN if one["side"] > 0 else Direction.OUT,
            track=int(track["id"]),
            ordinal=int(one["ordinal"]),
            time_s=time_s,
            class_id=int(track["class_id"]),
            score=float(track["score"]),
            confidence=confidence(evidence),
            evidence=told_evidence(evidence),
            gap_s=float(one["gap_s"]),
            previous=None if previous is None else self._lines[previous].name,
            speed_mps=speed_mps,
        )

    def _speed_mps(self, line: int, time_s: float, at: NDArray[Any]) -> float | None:
        """How fast a track was that crosses a line now, if it has come from the other line of a pair since."""
        if line not in self._pairs:
            return None
        other, metres = self._pairs[line]
        since = at["told_s"][line] if at["told"][line] else -np.inf
        if not at["told"][other] or not since < at["told_s"][other] < time_s:
            return None
        return float(metres / (time_s - at["told_s"][other]))


def _pairs(lines: Sequence[Line]) -> dict[int, tuple[int, float]]:
    """Returns the other line of the pair and its distance, for each line that is in one."""
    places = {line.name: place for place, line in enumerate(lines)}
    pairs: dict[int, tuple[int, float]] = {}
    for place, line in enumerate(lines):
        if line.pair is None:
            continue
        other = places.get(line.pair.line, place)
        if other == place:
            raise ValueError(f"line {line.name!r} has no other line {line.pair.line!r} beside it")
        for one, partner in ((place, other), (other, place)):
            if pairs.setdefault(one, (partner, line.pair.metres)) != (partner, line.pair.metres):
                raise ValueError(f"line {lines[one].name!r} is in two pairs: a line can be in one")
    return pairs


_WALKING = 0.3
"""In box heights each second: nobody slower has come across unseen."""

_STATE = np.dtype(
    [
        ("time_s", np.float64),
        ("x", np.float64),
        ("y", np.float64),
        ("distance", np.float64),
        ("band", np.float64),
        ("score", np.float64),
        ("passed_s", np.float64),
        ("gap_s", np.float64),
        ("held_s", np.float64),
        ("held_gap_s", np.float64),
        ("told_s", np.float64),
        ("mps", np.float64),
        ("held_mps", np.float64),
        ("net", np.int64),
        ("crossings", np.int64),
        ("evidence", np.uint8),
        ("held_evidence", np.uint8),
        ("sign", np.int8),
        ("side", np.int8),
        ("held", np.int8),
        ("told", np.bool_),
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
        ("evidence", np.int64),
        ("time_s", np.float64),
        ("gap_s", np.float64),
        ("mps", np.float64),
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
    tracks: NDArray[Any],
    mps: FloatArray,
    shapes: Polylines,
    offset: FloatArray,
    u_turn_s: FloatArray,
    hysteresis: float,
    high_score: float,
    began_s: float,
    frame_size: tuple[int, int],
) -> NDArray[Any]:
    lines = len(offset)
    told = np.empty(2 * len(rows) * lines, _TOLD)
    count = 0
    for k in range(len(rows)):
        x, time_s, band = boxes[k, 0], times_s[k], hysteresis * boxes[k, 3]
        track = tracks[rows[k]]
        for line in range(lines):
            at = state[rows[k], line]
            y = boxes[k, 1] + boxes[k, 3] * offset[line]
            distance = signed_distance(shapes, line, x, y)
            sign = (distance > 0) - (distance < 0)
            if at.band == 0:
                _come(
                    at, track, shapes, line, x, y, sign, time_s, offset[line], began_s, frame_size
                )
            # Whoever stands exactly on the line is still on the side that he came from.
            if sign * at.sign < 0:
                share = passage(shapes, line, at.x, at.y, at.sign, x, y)
                if share != NOWHERE:
                    at.gap_s = time_s - at.time_s
                    at.passed_s = at.time_s + share * at.gap_s
                    at.net += sign
                    at.mps = mps[rows[k]]
                    at.evidence = 0
                    if at.gap_s > LONG_GAP_S:
                        at.evidence |= INTERPOLATED
                    if at.time_s < track.resumed_s <= time_s:
                        at.evidence |= STITCHED
                    if min(at.score, track.score) < high_score:
                        at.evidence |= LOW_SCORE
            if sign != 0:
                at.sign = sign
            at.time_s, at.x, at.y = time_s, x, y
            at.distance, at.band, at.score = distance, band, track.score
            seen = BORN_NEAR if at.side == 0 else SEEN_ON_BOTH_SIDES
            if _settles(at, band):
                at.evidence |= seen
                count = _take(at, told, count, rows[k], line, u_turn_s[line])
            # Whoever passed the line again, and has yet to leave the band, may still have turned in time.
            until_s = time_s if at.net == 0 else at.passed_s
            if at.held != 0 and until_s - at.held_s > u_turn_s[line]:
                count = _tell_held(at, told, count, rows[k], line)
    return told[:count]


@compiled
def _come(
    at: Any,
    track: Any,
    shapes: Polylines,
    line: int,
    x: float,
    y: float,
    sign: int,
    time_s: float,
    offset: float,
    began_s: float,
    frame_size: tuple[int, int],
) -> None:
    """Finds out whether a track that was first seen at (x, y) has just come across the line."""
    # So long it took to be seen often enough, and so long it may have been overlooked before.
    before_s = track.history_s[track.hits - 1] - time_s
    speed_x, speed_y = track.velocity[0], track.velocity[1] + offset * track.velocity[3]
    if np.hypot(speed_x, speed_y) < _WALKING * track.position[3]:
        return
    from_x, from_y = x - speed_x * before_s, y - speed_y * before_s
    if not (0 <= from_x <= frame_size[0] and 0 <= from_y <= frame_size[1]):
        return
    if sign * signed_distance(shapes, line, from_x, from_y) >= 0:
        return
    share = passage(shapes, line, from_x, from_y, -sign, x, y)
    passed_s = time_s - (1 - share) * before_s
    if share != NOWHERE and passed_s >= began_s:
        at.passed_s, at.gap_s = passed_s, before_s
        at.net = sign
        at.evidence = EXTRAPOLATED


@compiled
def _end(state: NDArray[Any], rows: IndexArray, u_turn_s: FloatArray) -> NDArray[Any]:
    lines = len(u_turn_s)
    told = np.empty(2 * len(rows) * lines, _TOLD)
    count = 0
    for row in rows:
        for line in range(lines):
            at = state[row, line]
            born = BORN_NEAR if at.side == 0 else 0
            if _settles(at, at.band / 2):
                at.evidence |= ENDED_NEAR | born
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
        return _tell(
            at, told, count, row, line, at.side, at.passed_s, at.gap_s, at.evidence, at.mps
        )
    if at.held == -at.side and at.passed_s - at.held_s <= u_turn_s:
        at.held = 0
        return count
    if at.held != 0:
        count = _tell_held(at, told, count, row, line)
    at.held, at.held_s = at.side, at.passed_s
    at.held_gap_s, at.held_evidence, at.held_mps = at.gap_s, at.evidence, at.mps
    return count


@compiled
def _tell_held(at: Any, told: NDArray[Any], count: int, row: int, line: int) -> int:
    side, at.held = at.held, 0
    return _tell(
        at,
        told,
        count,
        row,
        line,
        side,
        at.held_s,
        at.held_gap_s,
        at.held_evidence,
        at.held_mps,
    )


@compiled
def _tell(
    at: Any,
    told: NDArray[Any],
    count: int,
    row: int,
    line: int,
    side: int,
    time_s: float,
    gap_s: float,
    evidence: int,
    mps: float,
) -> int:
    one = told[count]
    one.row, one.line, one.side, one.ordinal = row, line, side, at.crossings
    one.time_s, one.gap_s, one.evidence, one.mps = time_s, gap_s, evidence, mps
    at.crossings += 1
    return count + 1
