"""Yardstick: the same frames through our engine and through the trackers that people use, in one process.

Each peer does the same job: track, then four of supervision's LineZones and two of its PolygonZones. Rounds
alternate, so that a busy moment of the machine strikes all alike. Runs in the peers' environment:
`python -m benchmarks.peer_engine`.
"""

import json
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter_ns

import numpy as np
import supervision as sv
from trackers import BoTSORTTracker, ByteTrackTracker, OCSORTTracker, SORTTracker

from benchmarks.scene import FRAME_SIZE, FRAMES_PER_SECOND, LINES, OBJECTS, ZONES, scene
from tally.counting import CountingEngine, Detections, warm_up

ROUNDS = 3
FRAMES = 200
WARM_UP = 40

Frame = Callable[[int, Detections], None]


def _ours() -> Frame:
    engine = CountingEngine(lines=LINES, zones=ZONES, frame_size=FRAME_SIZE)

    def frame(k: int, detections: Detections) -> None:
        engine.update(k / FRAMES_PER_SECOND, detections)

    return frame


def _peer(tracker: object) -> Frame:
    size = np.array(FRAME_SIZE)
    foot = [sv.Position.BOTTOM_CENTER]
    lines = [
        sv.LineZone(
            start=sv.Point(*(line.points[0] * size)),
            end=sv.Point(*(line.points[1] * size)),
            triggering_anchors=foot,
        )
        for line in LINES
    ]
    zones = [
        sv.PolygonZone((np.array(zone.polygon) * size).astype(int), triggering_anchors=foot)
        for zone in ZONES
    ]

    def frame(k: int, detections: Detections) -> None:
        tracked = tracker.update(  # type: ignore[attr-defined]  # the peers ship no types
            sv.Detections(
                xyxy=detections.boxes * np.array([*size, *size], np.float32),
                confidence=detections.scores,
                class_id=detections.classes,
            )
        )
        tracked = tracked[tracked.tracker_id >= 0]
        for line in lines:
            line.trigger(tracked)
        for zone in zones:
            zone.trigger(tracked)

    return frame


def _cost_us(frame: Frame, shown: Iterable[Detections]) -> float:
    costs = []
    for k, detections in enumerate(shown):
        begin = perf_counter_ns()
        frame(k, detections)
        costs.append(perf_counter_ns() - begin)
    return median(costs[WARM_UP:]) / 1000


MAKERS: dict[str, Callable[[], Frame]] = {
    "tally": _ours,
    "SORT": lambda: _peer(SORTTracker()),
    "ByteTrack": lambda: _peer(ByteTrackTracker()),
    "OC-SORT": lambda: _peer(OCSORTTracker()),
    "BoT-SORT": lambda: _peer(BoTSORTTracker()),
}


def main() -> None:
    """Print microseconds a frame, by engine and number of objects."""
    warm_up()
    best: dict[str, dict[int, float]] = {name: {} for name in MAKERS}
    for objects in OBJECTS:
        shown = scene(objects, FRAMES)
        for _ in range(ROUNDS):
            for name, make in MAKERS.items():
                cost = _cost_us(make(), shown)
                best[name][objects] = min(cost, best[name].get(objects, cost))
    print(json.dumps(best))


if __name__ == "__main__":
    main()
