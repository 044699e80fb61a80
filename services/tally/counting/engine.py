"""The counting engine: detections of frame after frame in, crossings and visits out."""

from collections.abc import Iterable, Sequence
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.calibration import Calibration
from tally.counting.compiled import compiled
from tally.counting.config import EngineConfig
from tally.counting.detections import Detections, measure
from tally.counting.events import Crossing, FrameResult, Heat, Tracks, Visit
from tally.counting.geometry import Line, Mask, Zone
from tally.counting.heat import HeatMap
from tally.counting.lines import LineCounter
from tally.counting.masks import Masking
from tally.counting.speeds import SpeedMeter
from tally.counting.state import Tables, fingerprint, pack, unpack
from tally.counting.tracker import UNBELIEVED, Tracker, Update
from tally.counting.zones import ZoneCounter

_TIME = "time_s"


class CountingEngine:
    """Tracks objects and counts them across lines and in zones.

    The same frames always give the same results. What is kept depends only on what is in view.

    Args:
        lines: Lines to count at; their names differ.
        zones: Zones to count in; their names differ.
        masks: Where nothing counts.
        calibration: Where on the floor things are, so that crossings tell speeds.
        frame_size: Width and height of the frame in pixels: they give relative coordinates their shape.
        config: Settings.

    Raises:
        ValueError: Two lines or two zones have the same name, or the frame has no size.
    """

    def __init__(
        self,
        *,
        lines: Sequence[Line] = (),
        zones: Sequence[Zone] = (),
        masks: Sequence[Mask] = (),
        calibration: Calibration | None = None,
        frame_size: tuple[int, int],
        config: EngineConfig | None = None,
    ) -> None:
        _check_names("line", [line.name for line in lines])
        _check_names("zone", [zone.name for zone in zones])
        if min(frame_size) <= 0:
            raise ValueError(f"the frame size {frame_size} must be positive")
        self._config = config or EngineConfig()
        self._frame_size = frame_size
        self._masking = Masking(masks, frame_size)
        self._tracker = Tracker(self._config, frame_size)
        self._speeds = SpeedMeter(calibration, frame_size)
        self._lines = LineCounter(
            lines, frame_size, self._config.hysteresis, self._config.tracker.high_score
        )
        self._zones = ZoneCounter(
            zones, frame_size, self._config.hysteresis, self._config.zone_settle_s
        )
        self._heat = HeatMap(frame_size)
        self._time_s: float | None = None
        self._parts: dict[str, Tracker | SpeedMeter | LineCounter | ZoneCounter | HeatMap] = {
            "tracker": self._tracker,
            "speeds": self._speeds,
            "lines": self._lines,
            "zones": self._zones,
            "heat": self._heat,
        }
        self._fingerprint = fingerprint(
            tuple(lines), tuple(zones), tuple(masks), calibration, frame_size, self._config
        )

    def update(self, time_s: float, detections: Detections) -> FrameResult:
        """Takes in one frame.

        Args:
            time_s: Time of the frame since the start of the stream, later than the frame before.
            detections: What was detected in it; see `measure` for what is ignored.

        Raises:
            ValueError: The time is not finite or not later than that of the frame before.
        """
        self._advance(time_s)
        low_score = self._config.tracker.low_score
        measurements = measure(detections, self._frame_size, low_score)
        update = self._tracker.update(time_s, self._masking.outside(measurements))
        return self._report(update, time_s, self._heat.told_at(time_s))

    def finish(self, time_s: float) -> FrameResult:
        """Ends the stream at `time_s`: all tracks end, and what was held back is decided.

        Raises:
            ValueError: The time is not finite or before that of the last frame.
        """
        if time_s != self._time_s:
            self._advance(time_s)
        return self._report(self._tracker.clear(), time_s, self._heat.told())

    def save(self) -> bytes:
        """Returns all that the engine remembers: tracks, and where they are at lines and in zones."""
        return pack(self._fingerprint, self._remembered())

    def restore(self, data: bytes) -> None:
        """Goes on from what an engine with the same configuration saved, as if it had seen the same frames.

        Raises:
            StateRefused: The state is damaged, or that of another configuration or version. Nothing has changed.
        """
        saved = unpack(data, self._fingerprint, self._remembered())
        time_s = float(saved[_TIME])
        self._time_s = time_s if isfinite(time_s) else None
        for part, counter in self._parts.items():
            counter.restore({name: saved[f"{part}.{name}"] for name in counter.save()})

    def _remembered(self) -> Tables:
        tables = {
            f"{part}.{name}": table
            for part, counter in self._parts.items()
            for name, table in counter.save().items()
        }
        return {_TIME: np.array(nan if self._time_s is None else self._time_s), **tables}

    def _advance(self, time_s: float) -> None:
        if not isfinite(time_s):
            raise ValueError(f"the frame's time {time_s} must be a finite number of seconds")
        if self._time_s is not None and time_s <= self._time_s:
            raise ValueError(
                f"the frame's time {time_s} s must be later than the last one's, {self._time_s} s: "
                "give frames in order, each once"
            )
        if self._time_s is None:
            self._lines.begin(time_s)
            self._zones.begin(time_s)
        self._time_s = time_s

    def _report(self, update: Update, time_s: float, heat: Heat | None) -> FrameResult:
        crossings: list[Crossing] = []
        visits: list[Visit] = []
        before = update.tracks
        for steps in update.steps:
            path = (steps.rows, steps.boxes, steps.times_s)
            self._speeds.walk(*path)
            self._heat.walk(*path)
            crossings += self._lines.walk(*path, before, self._speeds.mps)
            visits += self._zones.walk(*path, before)
        if len(update.ended):
            crossings += self._lines.end(update.ended, before)
            visits += self._zones.end(update.ended, before)
        self._speeds.follow(update.keep, update.born)
        self._lines.follow(update.keep, update.born)
        self._zones.follow(update.keep, update.born)
        self._heat.follow(update.keep, update.born)
        return FrameResult(
            tracks=self._visible(),
            crossings=tuple(sorted(crossings, key=lambda crossing: crossing.time_s)),
            visits=tuple(sorted(visits, key=lambda visit: visit.time_s)),
            occupancy=self._zones.occupancy,
            waits_s=self._zones.waits_s(time_s),
            heat=heat,
        )

    def _visible(self) -> Tracks:
        return Tracks(*_visible(self._tracker.tracks, self._tracker.time_s, *self._frame_size))


@compiled
def _visible(
    tracks: NDArray[Any], time_s: float, width: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Returns ids, relative boxes, classes and scores of the believed tracks that were seen at `time_s`."""
    ids, classes = np.empty(len(tracks), np.int64), np.empty(len(tracks), np.int32)
    boxes = np.empty((len(tracks), 4), np.float32)
    scores = np.empty(len(tracks), np.float32)
    count = 0
    for i in range(len(tracks)):
        track = tracks[i]
        if track.id == UNBELIEVED or track.seen_s != time_s:
            continue
        left = track.observed[0] - track.observed[2] / 2
        boxes[count, 0] = left / width
        boxes[count, 1] = track.observed[1] / height
        boxes[count, 2] = (left + track.observed[2]) / width
        boxes[count, 3] = (track.observed[1] + track.observed[3]) / height
        ids[count], classes[count], scores[count] = track.id, track.class_id, track.score
        count += 1
    return ids[:count], boxes[:count], classes[:count], scores[:count]


def _check_names(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two {kind}s are called {name!r}: give each its own name")
        seen.add(name)
