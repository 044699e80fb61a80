"""The counting engine: detections of frame after frame in, crossings and visits out."""

from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np

from tally.counting.config import EngineConfig
from tally.counting.detections import Detections, measure
from tally.counting.events import Crossing, FrameResult, Tracks, Visit
from tally.counting.geometry import Line, Zone
from tally.counting.lines import LineCounter
from tally.counting.tracker import Tracker, Update
from tally.counting.zones import ZoneCounter


class CountingEngine:
    """Tracks objects and counts them across lines and in zones.

    The same frames always give the same results. What is kept depends only on what is in view.

    Args:
        lines: Lines to count at; their names differ.
        zones: Zones to count in; their names differ.
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
        frame_size: tuple[int, int],
        config: EngineConfig | None = None,
    ) -> None:
        _check_names("line", [line.name for line in lines])
        _check_names("zone", [zone.name for zone in zones])
        if min(frame_size) <= 0:
            raise ValueError(f"the frame size {frame_size} must be positive")
        self._config = config or EngineConfig()
        self._frame_size = frame_size
        self._tracker = Tracker(self._config)
        self._lines = LineCounter(lines, frame_size, self._config.hysteresis)
        self._zones = ZoneCounter(
            zones, frame_size, self._config.hysteresis, self._config.zone_settle_s
        )
        self._time_s: float | None = None

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
        return self._report(self._tracker.update(time_s, measurements))

    def finish(self, time_s: float) -> FrameResult:
        """Ends the stream at `time_s`: all tracks end, and what was held back is decided.

        Raises:
            ValueError: The time is not finite or before that of the last frame.
        """
        if time_s != self._time_s:
            self._advance(time_s)
        return self._report(self._tracker.clear())

    def _advance(self, time_s: float) -> None:
        if not isfinite(time_s):
            raise ValueError(f"the frame's time {time_s} must be a finite number of seconds")
        if self._time_s is not None and time_s <= self._time_s:
            raise ValueError(
                f"the frame's time {time_s} s must be later than the last one's, {self._time_s} s: "
                "give frames in order, each once"
            )
        self._time_s = time_s

    def _report(self, update: Update) -> FrameResult:
        crossings: list[Crossing] = []
        visits: list[Visit] = []
        before = update.tracks
        for steps in update.steps:
            path = (steps.rows, steps.boxes, steps.times_s, before)
            crossings += self._lines.walk(*path)
            visits += self._zones.walk(*path)
        if len(update.ended):
            crossings += self._lines.end(update.ended, before)
            visits += self._zones.end(update.ended, before)
        self._lines.follow(update.keep, update.born)
        self._zones.follow(update.keep, update.born)
        return FrameResult(
            tracks=self._visible(),
            crossings=tuple(sorted(crossings, key=lambda crossing: crossing.time_s)),
            visits=tuple(sorted(visits, key=lambda visit: visit.time_s)),
            occupancy=self._zones.occupancy,
        )

    def _visible(self) -> Tracks:
        tracks = self._tracker.visible
        centre, top, width, height = tracks["observed"].T
        left = centre - width / 2
        corners = np.array([left, top, left + width, top + height]).T
        return Tracks(
            ids=tracks["id"],
            boxes=(corners / (*self._frame_size, *self._frame_size)).astype(np.float32),
            classes=tracks["class_id"],
            scores=tracks["score"].astype(np.float32),
        )


def _check_names(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two {kind}s are called {name!r}: give each its own name")
        seen.add(name)
