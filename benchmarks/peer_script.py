"""Yardstick: what people write today, a loop around `trackers` (ByteTrack) and `supervision` (LineZone).

Runs in the peers' environment: `python -m benchmarks.peer_script FOLDER`.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import supervision as sv
from trackers import ByteTrackTracker

from benchmarks.accuracy.lines import LINES
from benchmarks.accuracy.truth import FRAME_SIZE, load_walks, true_crossings
from tally.counting import Direction
from triton_models.vision.yolox import YoloxHead

PERSON = 0


def main(folder: Path) -> None:
    """Count the recording and print counts and speed."""
    width, height = FRAME_SIZE
    session = ort.InferenceSession(
        str(folder / "yolox_nano.onnx"), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    head = YoloxHead(*session.get_inputs()[0].shape[2:])
    tracker = ByteTrackTracker(frame_rate=10)
    zones = [
        sv.LineZone(
            start=sv.Point(line.points[0][0] * width, line.points[0][1] * height),
            end=sv.Point(line.points[1][0] * width, line.points[1][1] * height),
            triggering_anchors=[sv.Position.BOTTOM_CENTER],
        )
        for line in LINES
    ]
    video = cv2.VideoCapture(str(folder / "pets09-s2l1.mp4"))
    frames = 0
    began = time.perf_counter()
    while True:
        there, frame = video.read()
        if not there:
            break
        blob, scale = head.prepare(np.asarray(frame, np.uint8))
        boxes, scores, classes = head.decode(
            session.run(None, {name: blob})[0][0], FRAME_SIZE, scale
        )
        people = classes == PERSON
        detections = sv.Detections(
            xyxy=boxes[people] * np.array([width, height, width, height], np.float32),
            confidence=scores[people],
            class_id=classes[people],
        )
        tracked = tracker.update(detections)
        tracked = tracked[tracked.tracker_id >= 0]
        for zone in zones:
            zone.trigger(tracked)
        frames += 1
    seconds = time.perf_counter() - began
    walks = load_walks(folder)
    wrong = crossed = 0
    for line, zone in zip(LINES, zones, strict=True):
        true = true_crossings(walks, line)
        # supervision's `in` may be the other side of the line from ours: take the reading that suits it best.
        wrong += min(
            abs(zone.in_count - true[one]) + abs(zone.out_count - true[other])
            for one, other in (tuple(Direction), tuple(Direction)[::-1])
        )
        crossed += sum(true.values())
    print(json.dumps({"frames_per_second": frames / seconds, "relative_error": wrong / crossed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
