"""The tracker: gives the detections of one object, frame after frame, one number.

Association follows ByteTrack (Zhang et al. 2022): detections with a high score are matched first, those with a
low score may only continue tracks that were seen just now. Tracks still missing are looked for where they were
last observed, which finds those that stopped or turned (OC-SORT's recovery, Cao et al. 2023). Its other
remedies, for a filter that is too sure of itself after an occlusion, are not needed: this one integrates over
true time, and the search widens by what it is unsure of (see `motion` and `association`).

Birth and death are made for counting. A track must be seen several times before it is believed, so that a
flicker is no person; twice is enough where frames are rare. Nor is a poster or a lamp post whose scores stay
about the least that is asked for: whatever has not moved is believed once its scores, added up, say so (CUSUM,
Page 1954). A track's path is remembered meanwhile and told when it is believed, so that a line next to where
people appear misses nothing. A track that begins where a lost one was going to be continues it, unless that was
outside the picture.
"""

from dataclasses import dataclass
from math import hypot, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import (
    NOBODY,
    Assignment,
    IndexArray,
    Mask,
    assign,
    overlapping,
)
from tally.counting.compiled import compiled
from tally.counting.config import EngineConfig
from tally.counting.detections import FloatArray, Measurements
from tally.counting.motion import MOTION_FIELDS, MotionModel, correct
from tally.counting.rows import follow
from tally.counting.state import Tables
from tally.counting.stitching import LEAST_CONTINUITY, continuity

UNBELIEVED = -1
# Who was missed and should be mostly outside the picture by now has left it: whoever comes in there is another.
_LEAST_IN_VIEW = 0.5


@dataclass(frozen=True, slots=True)
class Steps:
    """The next point of the paths of some believed tracks.

    Attributes:
        rows: (k,) rows of the tracks in `Update.tracks`.
        boxes: (k, 4) where they were: centre x, top, width, height in pixels.
        times_s: (k,) when.
    """

    rows: IndexArray
    boxes: FloatArray
    times_s: FloatArray


@dataclass(frozen=True, slots=True)
class Update:
    """What one frame changed. State kept per row elsewhere follows `keep`, then `born`.

    Attributes:
        tracks: The table before `keep` is applied.
        steps: The paths to walk, in this order.
        ended: Rows of believed tracks that ended.
        keep: For each row, whether it stays. Rows that stay close ranks.
        born: How many rows are added at the end.
    """

    tracks: NDArray[Any]
    steps: tuple[Steps, ...]
    ended: IndexArray
    keep: Mask
    born: int


class Tracker:
    """All tracks, one row of a structured array each, in order of birth.

    Attributes:
        tracks: The table, those not yet believed included.
        time_s: Time of the latest frame.
    """

    def __init__(self, config: EngineConfig, frame_size: tuple[int, int]) -> None:
        self._config = config.tracker
        self._frame_size = frame_size
        self._motion = MotionModel(config.motion)
        hits = config.tracker.confirm_hits
        row = np.dtype(
            [
                ("id", np.int64),
                ("class_id", np.int32),
                ("class_weight", np.float64),
                ("hits", np.int64),
                ("score", np.float64),
                ("support", np.float64),
                ("seen_s", np.float64),
                ("resumed_s", np.float64),
                ("observed", np.float64, (4,)),
                ("history", np.float64, (hits, 4)),
                ("history_s", np.float64, (hits,)),
                *MOTION_FIELDS,
            ]
        )
        self.tracks: NDArray[Any] = np.empty(0, row)
        self.time_s = 0.0
        self._next_id = 0
        self._gap_s = self._gap_end_s = 0.0

    def update(self, time_s: float, measurements: Measurements) -> Update:
        """Takes in the detections of one frame, later than the one before."""
        tracks, config = self.tracks, self._config
        # However low the frame rate, a track has its chance in the next frame, but none after `gap_s`.
        step_s = min(time_s - self.time_s, config.gap_s)
        if step_s >= config.lost_s:
            self._gap_s, self._gap_end_s = step_s, time_s
        elif time_s > self._gap_end_s + config.lost_s:
            self._gap_s = 0.0
        # Nobody is lost in a time without frames.
        lost_s = config.lost_s + self._gap_s
        self._motion.predict(tracks, step_s)
        self.time_s = time_s
        believed, alive, recent = _ages(
            tracks, time_s, step_s, config.grace_s, lost_s, *self._frame_size
        )
        assignment = self._associate(believed, alive, recent, measurements)
        enough = 2 if step_s >= config.slow_s else config.confirm_hits
        ready = _observe(
            tracks,
            assignment.partner,
            measurements.boxes,
            measurements.scores,
            measurements.classes,
            time_s,
            config.high_score,
            config.confirm_hits,
            enough,
            config.sure_support,
            config.sure_path,
            self._motion.measurement,
        )
        earlier: tuple[Steps, ...] = ()
        if ready.any():
            earlier, continued = self._believe(ready, alive)
            alive[continued] = False
        rows, boxes, ended, kept = _outcome(tracks, alive, time_s)
        now = Steps(rows, boxes, np.full(len(rows), time_s))
        lonely = _lonely(measurements.scores, assignment.taken, config.high_score)
        born = len(lonely)
        if born or kept < len(tracks):
            self.tracks = follow(tracks, alive, born)
        if born:
            self._bear(self.tracks[-born:], measurements, lonely)
        return Update(tracks, (*earlier, now), ended, alive, born)

    def save(self) -> Tables:
        """Returns all that is remembered."""
        return {
            "tracks": self.tracks,
            "time_s": np.array(self.time_s),
            "next_id": np.array(self._next_id),
            "gap_s": np.array([self._gap_s, self._gap_end_s]),
        }

    def restore(self, saved: Tables) -> None:
        """Goes on from what was saved."""
        self.tracks = saved["tracks"]
        self.time_s, self._next_id = float(saved["time_s"]), int(saved["next_id"])
        self._gap_s, self._gap_end_s = map(float, saved["gap_s"])

    def clear(self) -> Update:
        """Ends all tracks."""
        believed = np.flatnonzero(self.tracks["id"] != UNBELIEVED)
        update = Update(self.tracks, (), believed, np.zeros(len(self.tracks), np.bool_), 0)
        self.tracks = self.tracks[:0]
        return update

    def _associate(
        self, believed: Mask, alive: Mask, recent: Mask, measurements: Measurements
    ) -> Assignment:
        config, tracks, boxes = self._config, self.tracks, measurements.boxes
        assignment = Assignment(len(tracks), len(boxes))
        if not (len(tracks) and len(boxes)):
            return assignment
        high = measurements.scores >= config.high_score
        known = believed & alive
        margins = np.sqrt(tracks["position_variance"][:, :2])
        least = min(config.min_overlap, config.min_overlap_low)
        predicted = overlapping(tracks["position"], margins, boxes, least)
        assignment.add(predicted, known, high, config.min_overlap)
        assignment.add(predicted, known & recent, ~high, config.min_overlap_low)
        if (known & (assignment.partner == NOBODY)).any() and not assignment.taken.all():
            nowhere_else = np.zeros_like(margins)
            last_seen = overlapping(tracks["observed"], nowhere_else, boxes, config.min_overlap)
            assignment.add(last_seen, known, high, config.min_overlap)
        everything = np.ones_like(high)
        assignment.add(predicted, alive & ~believed, everything, config.min_overlap)
        return assignment

    def _believe(self, ready: Mask, alive: Mask) -> tuple[tuple[Steps, ...], IndexArray]:
        """Believes the tracks that are ready, seen often enough by now.

        Returns:
            The paths that they went before this frame, and the rows that turned out to continue a lost
            track and were merged into its row.
        """
        tracks = self.tracks
        new = ready.nonzero()[0]
        believed = tracks["id"] != UNBELIEVED
        lost = np.flatnonzero(believed & alive & (tracks["seen_s"] < self.time_s))
        i, j = assign(continuity(tracks[lost], tracks[new]), LEAST_CONTINUITY)
        continuations, continued = lost[i], new[j]
        merged = tracks[continued]
        merged["id"] = tracks["id"][continuations]
        merged["resumed_s"] = merged["history_s"][:, 0]
        merged["class_id"] = tracks["class_id"][continuations]
        merged["class_weight"] = tracks["class_weight"][continuations]
        tracks[continuations] = merged

        fresh = np.setdiff1d(new, continued)
        tracks["id"][fresh] = self._next_id + np.arange(len(fresh))
        self._next_id += len(fresh)
        rows = np.concatenate([continuations, fresh])
        history, times_s = tracks["history"][rows], tracks["history_s"][rows]
        hits = tracks["hits"][rows]
        before_now = hits - (times_s[np.arange(len(rows)), hits - 1] == self.time_s)
        earlier = []
        for k in range(before_now.max()):
            there = before_now > k
            earlier.append(Steps(rows[there], history[there, k], times_s[there, k]))
        return tuple(earlier), continued

    def _bear(self, born: NDArray[Any], measurements: Measurements, lonely: IndexArray) -> None:
        """Makes tracks of the detections that belong to none."""
        boxes = measurements.boxes[lonely]
        self._motion.start(born, boxes)
        born["id"] = UNBELIEVED
        born["class_id"] = measurements.classes[lonely]
        born["class_weight"] = born["score"] = measurements.scores[lonely]
        born["hits"] = 1
        born["support"] = _supports(measurements.scores[lonely], self._config.high_score)
        born["seen_s"] = self.time_s
        born["observed"] = boxes
        born["history"][:, 0] = boxes
        born["history_s"][:, 0] = self.time_s


@compiled
def _ages(
    tracks: NDArray[Any],
    time_s: float,
    step_s: float,
    grace_s: float,
    lost_s: float,
    width: int,
    height: int,
) -> tuple[Mask, Mask, Mask]:
    """Returns which tracks are believed, which may still be continued, and which were seen just now."""
    count = len(tracks)
    believed, alive, recent = (
        np.empty(count, np.bool_), np.empty(count, np.bool_), np.empty(count, np.bool_)
    )  # fmt: skip
    for i in range(count):
        unseen_s = time_s - tracks[i].seen_s
        believed[i] = tracks[i].id != UNBELIEVED
        recent[i] = unseen_s <= max(grace_s, step_s)
        alive[i] = recent[i] or (believed[i] and unseen_s <= lost_s)
        missed = unseen_s > 1.5 * step_s
        if missed and alive[i] and _in_view(tracks[i].position, width, height) < _LEAST_IN_VIEW:
            alive[i] = False
    return believed, alive, recent


@compiled
def _in_view(box: FloatArray, width: int, height: int) -> float:
    """Returns the share of a box's width or height, whichever is less, that lies in the picture."""
    left, right = box[0] - box[2] / 2, box[0] + box[2] / 2
    across = (min(right, float(width)) - max(left, 0.0)) / box[2]
    down = (min(box[1] + box[3], float(height)) - max(box[1], 0.0)) / box[3]
    share: float = min(across, down)
    return share


@compiled
def _observe(
    tracks: NDArray[Any],
    partner: IndexArray,
    boxes: FloatArray,
    scores: FloatArray,
    classes: NDArray[np.int32],
    time_s: float,
    high_score: float,
    confirm_hits: int,
    enough: int,
    sure_support: float,
    sure_path: float,
    measurement: FloatArray,
) -> Mask:
    """Gives each track its detection; returns which were now seen often enough to be believed."""
    ready = np.zeros(len(tracks), np.bool_)
    for i in range(len(tracks)):
        j = partner[i]
        if j == NOBODY:
            continue
        track = tracks[i]
        correct(track, boxes[j], measurement)
        for k in range(4):
            track.observed[k] = boxes[j, k]
        track.seen_s = time_s
        track.score = scores[j]
        # Weighted majority vote (Boyer & Moore 1981): the class with most of the score stays.
        if track.class_id == classes[j]:
            track.class_weight += scores[j]
        else:
            track.class_weight -= scores[j]
            if track.class_weight < 0:
                track.class_id = classes[j]
                track.class_weight = -track.class_weight
        if scores[j] >= high_score and track.hits < confirm_hits:
            for k in range(4):
                track.history[track.hits, k] = track.position[k]
            track.history_s[track.hits] = time_s
            track.hits += 1
        if track.id == UNBELIEVED:
            track.support = max(0.0, track.support + _support(scores[j], high_score))
            ready[i] = track.hits >= enough and (
                track.support >= sure_support
                or _gone(track.history[0], track.position) >= sure_path
            )
    return ready


@compiled
def _support(score: float, high_score: float) -> float:
    """Returns a score's log-odds less those of one a fifth of the way from the least that is asked for to 1."""
    neutral = high_score + (1 - high_score) / 5
    told = min(max(score, 0.01), 0.99)
    return log(told / (1 - told)) - log(neutral / (1 - neutral))


@compiled
def _gone(first: FloatArray, now: FloatArray) -> float:
    """Returns how far the foot of a box went, in its heights."""
    way: float = hypot(now[0] - first[0], now[1] + now[3] - first[1] - first[3]) / now[3]
    return way


@compiled
def _supports(scores: FloatArray, high_score: float) -> FloatArray:
    """Returns what one score each says for tracks that begin with it."""
    return np.array([max(0.0, _support(score, high_score)) for score in scores])


@compiled
def _outcome(
    tracks: NDArray[Any], alive: Mask, time_s: float
) -> tuple[IndexArray, FloatArray, IndexArray, int]:
    """Returns the rows of believed tracks seen now, their boxes, the rows of those that ended, and how many stay."""
    rows, ended = np.empty(len(tracks), np.intp), np.empty(len(tracks), np.intp)
    boxes = np.empty((len(tracks), 4))
    seen = over = kept = 0
    for i in range(len(tracks)):
        kept += alive[i]
        if tracks[i].id == UNBELIEVED:
            continue
        if not alive[i]:
            ended[over] = i
            over += 1
        if tracks[i].seen_s == time_s:
            rows[seen] = i
            for k in range(4):
                boxes[seen, k] = tracks[i].position[k]
            seen += 1
    return rows[:seen], boxes[:seen], ended[:over], kept


@compiled
def _lonely(scores: FloatArray, taken: Mask, high_score: float) -> IndexArray:
    """Returns the detections that no track has and that are sure enough to start one."""
    found = np.empty(len(scores), np.intp)
    count = 0
    for j in range(len(scores)):
        if scores[j] >= high_score and not taken[j]:
            found[count] = j
            count += 1
    return found[:count]
