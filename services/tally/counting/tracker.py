"""The tracker: gives the detections of one object, frame after frame, one number.

Association follows ByteTrack (Zhang et al. 2022): detections with a high score are matched first, those with a
low score may only continue tracks that were seen just now. Tracks still missing are looked for where they were
last observed, which finds those that stopped or turned (OC-SORT's recovery, Cao et al. 2023). Its other
remedies, for a filter that is too sure of itself after an occlusion, are not needed: this one integrates over
true time, and the search widens by what it is unsure of (see `motion` and `association`).

Birth and death are made for counting. A track must be seen several times before it is believed, so that a
flicker is no person; but its path is remembered meanwhile and told when it is believed, so that a line next to
where people appear misses nothing. A track that begins where a lost one was going to be continues it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.association import IndexArray, assign, overlap
from tally.counting.config import EngineConfig
from tally.counting.detections import FloatArray, Measurements
from tally.counting.motion import MOTION_FIELDS, MotionModel
from tally.counting.rows import follow
from tally.counting.stitching import LEAST_CONTINUITY, continuity

_UNBELIEVED = -1


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
    keep: NDArray[np.bool_]
    born: int


class Tracker:
    """All tracks, one row of a structured array each, in order of birth."""

    def __init__(self, config: EngineConfig) -> None:
        self._config = config.tracker
        self._motion = MotionModel(config.motion)
        hits = config.tracker.confirm_hits
        row = np.dtype(
            [
                ("id", np.int64),
                ("class_id", np.int32),
                ("class_weight", np.float64),
                ("hits", np.int64),
                ("score", np.float64),
                ("seen_s", np.float64),
                ("observed", np.float64, (4,)),
                ("history", np.float64, (hits, 4)),
                ("history_s", np.float64, (hits,)),
                *MOTION_FIELDS,
            ]
        )
        self._tracks: NDArray[Any] = np.empty(0, row)
        self._time_s = 0.0
        self._next_id = 0

    def update(self, time_s: float, measurements: Measurements) -> Update:
        """Takes in the detections of one frame, later than the one before."""
        tracks = self._tracks
        believed = tracks["id"] != _UNBELIEVED
        unseen_s = time_s - tracks["seen_s"]
        # However low the frame rate, a track has its chance in the next frame, but none after `lost_s`.
        step_s = min(time_s - self._time_s, self._config.lost_s)
        recent = unseen_s <= max(self._config.grace_s, step_s)
        alive = recent | (believed & (unseen_s <= self._config.lost_s))
        self._motion.predict(tracks, step_s)
        self._time_s = time_s

        rows, found = self._associate(believed, alive, recent, measurements)
        self._observe(rows, measurements, found)
        earlier, continued = self._believe(alive)
        believed = tracks["id"] != _UNBELIEVED
        seen = np.flatnonzero(believed & (tracks["seen_s"] == time_s))
        now = Steps(seen, tracks["position"][seen], np.full(len(seen), time_s))

        keep = alive.copy()
        keep[continued] = False
        lonely = measurements.scores >= self._config.high_score
        lonely[found] = False
        born = int(np.count_nonzero(lonely))
        self._tracks = follow(tracks, keep, born)
        if born:
            self._bear(self._tracks[-born:], measurements, lonely)
        return Update(tracks, (*earlier, now), np.flatnonzero(believed & ~alive), keep, born)

    @property
    def visible(self) -> NDArray[Any]:
        """The believed tracks that were seen in the latest frame."""
        tracks = self._tracks
        visible: NDArray[Any] = tracks[
            (tracks["id"] != _UNBELIEVED) & (tracks["seen_s"] == self._time_s)
        ]
        return visible

    def clear(self) -> Update:
        """Ends all tracks."""
        believed = np.flatnonzero(self._tracks["id"] != _UNBELIEVED)
        update = Update(self._tracks, (), believed, np.zeros(len(self._tracks), np.bool_), 0)
        self._tracks = self._tracks[:0]
        return update

    def _associate(
        self,
        believed: NDArray[np.bool_],
        alive: NDArray[np.bool_],
        recent: NDArray[np.bool_],
        measurements: Measurements,
    ) -> tuple[IndexArray, IndexArray]:
        """Returns rows of tracks and the detections that belong to them."""
        config, tracks = self._config, self._tracks
        boxes = measurements.boxes
        high = measurements.scores >= config.high_score
        free_tracks, free_boxes = alive.copy(), np.ones(len(boxes), np.bool_)
        pairs = [(np.empty(0, np.intp), np.empty(0, np.intp))]

        def match(
            likeness: FloatArray,
            of_tracks: NDArray[np.bool_],
            of_boxes: NDArray[np.bool_],
            least: float,
        ) -> None:
            rows = (free_tracks & of_tracks).nonzero()[0]
            columns = (free_boxes & of_boxes).nonzero()[0]
            if not (len(rows) and len(columns)):
                return
            i, j = assign(likeness[np.ix_(rows, columns)], least)
            free_tracks[rows[i]] = False
            free_boxes[columns[j]] = False
            pairs.append((rows[i], columns[j]))

        margins = np.sqrt(tracks["position_variance"][:, :2])
        predicted = overlap(tracks["position"], margins, boxes)
        match(predicted, believed, high, config.min_overlap)
        match(predicted, believed & recent, ~high, config.min_overlap_low)
        if (free_tracks & believed).any() and free_boxes.any():
            last_seen = overlap(tracks["observed"], np.zeros_like(margins), boxes)
            match(last_seen, believed, high, config.min_overlap)
        match(predicted, ~believed, np.ones_like(high), config.min_overlap)
        return (
            np.concatenate([rows for rows, _ in pairs]),
            np.concatenate([found for _, found in pairs]),
        )

    def _observe(self, rows: IndexArray, measurements: Measurements, found: IndexArray) -> None:
        seen = self._tracks[rows]
        boxes, scores = measurements.boxes[found], measurements.scores[found]
        self._motion.correct(seen, boxes)
        seen["observed"] = boxes
        seen["seen_s"] = self._time_s
        seen["score"] = scores
        _vote(seen, measurements.classes[found], scores)
        grows = (scores >= self._config.high_score) & (seen["hits"] < self._config.confirm_hits)
        if grows.any():
            growing, place = grows.nonzero()[0], seen["hits"][grows]
            seen["history"][growing, place] = seen["position"][growing]
            seen["history_s"][growing, place] = self._time_s
            seen["hits"][growing] += 1
        self._tracks[rows] = seen

    def _believe(self, alive: NDArray[np.bool_]) -> tuple[tuple[Steps, ...], IndexArray]:
        """Believes tracks that were seen often enough.

        Returns:
            The paths that they went before this frame, and the rows that turned out to continue a lost
            track and were merged into its row.
        """
        tracks = self._tracks
        ready = (tracks["id"] == _UNBELIEVED) & (tracks["hits"] == self._config.confirm_hits)
        new = ready.nonzero()[0]
        if not len(new):
            return (), new
        believed = tracks["id"] != _UNBELIEVED
        lost = np.flatnonzero(believed & alive & (tracks["seen_s"] < self._time_s))
        i, j = assign(continuity(tracks[lost], tracks[new]), LEAST_CONTINUITY)
        continuations, continued = lost[i], new[j]
        merged = tracks[continued]
        merged["id"] = tracks["id"][continuations]
        merged["class_id"] = tracks["class_id"][continuations]
        merged["class_weight"] = tracks["class_weight"][continuations]
        tracks[continuations] = merged

        fresh = np.setdiff1d(new, continued)
        tracks["id"][fresh] = self._next_id + np.arange(len(fresh))
        self._next_id += len(fresh)
        rows = np.concatenate([continuations, fresh])
        history, times_s = tracks["history"][rows], tracks["history_s"][rows]
        before_now = range(self._config.confirm_hits - 1)
        return tuple(Steps(rows, history[:, k], times_s[:, k]) for k in before_now), continued

    def _bear(
        self, born: NDArray[Any], measurements: Measurements, lonely: NDArray[np.bool_]
    ) -> None:
        """Makes tracks of the detections that belong to none."""
        boxes = measurements.boxes[lonely]
        self._motion.start(born, boxes)
        born["id"] = _UNBELIEVED
        born["class_id"] = measurements.classes[lonely]
        born["class_weight"] = born["score"] = measurements.scores[lonely]
        born["hits"] = 1
        born["seen_s"] = self._time_s
        born["observed"] = boxes
        born["history"][:, 0] = boxes
        born["history_s"][:, 0] = self._time_s


def _vote(tracks: NDArray[Any], classes: NDArray[np.int32], scores: FloatArray) -> None:
    """Keeps the class with most of the score (weighted majority vote, Boyer & Moore 1981)."""
    weight = tracks["class_weight"] + np.where(tracks["class_id"] == classes, scores, -scores)
    tracks["class_id"] = np.where(weight < 0, classes, tracks["class_id"])
    tracks["class_weight"] = np.abs(weight)
