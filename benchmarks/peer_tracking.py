"""Yardstick: who is who, told by our engine and by the trackers that people use, from the same boxes.

HOTA (Luiten et al. 2021), IDF1 (Ristani et al. 2016) and MOTA (Bernardin & Stiefelhagen 2008) as TrackEval computes
them, on synthetic worlds, on two sequences with detections that come with motmetrics (TUD-Campus and
TUD-Stadtmitte, Andriluka, Roth & Schiele 2010) and on the real recording. Runs in the peers' environment:
`python -m benchmarks.peer_tracking FOLDER PLOT`.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import motmetrics
import numpy as np
import onnxruntime as ort
import supervision as sv
from numpy.typing import NDArray
from trackers import BoTSORTTracker, ByteTrackTracker, OCSORTTracker, SORTTracker
from trackeval.metrics import CLEAR, HOTA, Identity

from benchmarks.accuracy import truth, world
from tally.counting import CountingEngine, Detections
from triton_models.vision.yolox import YoloxHead

MEASURES = ("HOTA", "IDF1", "MOTA")
WORLDS = tuple((people, seed) for people in (6, 15, 30) for seed in (1, 2))
PERSON = 0

Boxes = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Boxes (n, 4) of one frame, left, top, right, bottom in pixels, with the number of each."""

    ids: NDArray[np.int64]
    boxes: Boxes


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Some frames.

    Attributes:
        rate: Frames a second.
        size: Width and height of the picture.
        detections: What was detected in each frame.
        true: Who is where, by frame; frames that nobody annotated are missing.
    """

    rate: float
    size: tuple[int, int]
    detections: Sequence[Detections]
    true: dict[int, Seen]

    def thinned(self, every: int) -> "Sequenced":
        """Every so many frames."""
        true = {k // every: seen for k, seen in self.true.items() if k % every == 0}
        return Sequenced(self.rate / every, self.size, self.detections[::every], true)


Track = Callable[[Sequenced], list[Seen]]


def _ours(frames: Sequenced) -> list[Seen]:
    engine = CountingEngine(frame_size=frames.size)
    shown = (engine.update(k / frames.rate, d).tracks for k, d in enumerate(frames.detections))
    return [Seen(tracks.ids, tracks.boxes * np.array(frames.size * 2)) for tracks in shown]


def _peer(make: Callable[[float], Any]) -> Track:
    def track(frames: Sequenced) -> list[Seen]:
        tracker, shown = make(frames.rate), []
        for detections in frames.detections:
            tracked = tracker.update(
                sv.Detections(
                    xyxy=detections.boxes * np.array(frames.size * 2, np.float32),
                    confidence=detections.scores,
                    class_id=detections.classes,
                )
            )
            tracked = tracked[tracked.tracker_id >= 0]
            shown.append(Seen(tracked.tracker_id, tracked.xyxy))
        return shown

    return track


TRACKERS: dict[str, Track] = {
    "tally": _ours,
    "SORT": _peer(lambda rate: SORTTracker(frame_rate=rate)),
    "ByteTrack": _peer(lambda rate: ByteTrackTracker(frame_rate=rate)),
    "OC-SORT": _peer(lambda rate: OCSORTTracker(frame_rate=rate)),
    # Its search for the camera's own motion needs pictures, and these cameras stand still.
    "BoT-SORT": _peer(lambda rate: BoTSORTTracker(frame_rate=rate, enable_cmc=False)),
}


def _walked(walks: Sequence[truth.Walk], size: tuple[int, int], every: int = 1) -> dict[int, Seen]:
    """Who is where in every so many frames."""
    last = max(int(walk.frames[-1]) for walk in walks)
    true = {}
    for k in range(0, last + 1, every):
        there = [walk for walk in walks if walk.frames[0] <= k <= walk.frames[-1]]
        boxes = [walk.boxes[walk.frames == k] for walk in there]
        ids = np.array([walk.person for walk in there], np.int64)
        true[k] = Seen(ids, np.concatenate([np.empty((0, 4)), *boxes]) * np.array(size * 2))
    return true


def _synthetic(rate: float, posters: int = 0) -> Iterator[Sequenced]:
    for people, seed in WORLDS:
        made = world.World(
            people=people, seconds=30.0, frames_per_second=rate, seed=seed, posters=posters
        )
        walks, detections = world.simulate(made)
        yield Sequenced(rate, world.FRAME_SIZE, detections, _walked(walks, world.FRAME_SIZE))


def _pedestrians(name: str) -> Sequenced:
    size, folder = (640, 480), Path(motmetrics.__file__).parent / "data" / name

    def frames(file: str) -> dict[int, Seen]:
        rows = np.loadtxt(folder / file, delimiter=",")
        rows[:, 4:6] += rows[:, 2:4]
        return {
            int(k) - 1: Seen(rows[rows[:, 0] == k, 1].astype(int), rows[rows[:, 0] == k, 2:6])
            for k in np.unique(rows[:, 0])
        }

    true, seen = frames("gt.txt"), frames("test.txt")
    detections = []
    for k in range(max(true) + 1):
        boxes = seen[k].boxes if k in seen else np.empty((0, 4))
        detections.append(
            Detections(
                (boxes / np.array(size * 2)).astype(np.float32),
                np.full(len(boxes), 0.9, np.float32),
                np.zeros(len(boxes), np.int32),
            )
        )
    return Sequenced(25.0, size, detections, true)


def _recording(folder: Path) -> Sequenced:
    session = ort.InferenceSession(
        str(folder / "yolox_nano.onnx"), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    head = YoloxHead(*session.get_inputs()[0].shape[2:])
    video, detections = cv2.VideoCapture(str(folder / truth.VIDEO)), []
    while (read := video.read())[0]:
        blob, scale = head.prepare(np.asarray(read[1], np.uint8))
        found = head.decode(session.run(None, {name: blob})[0][0], truth.FRAME_SIZE, scale)
        people = found[2] == PERSON
        detections.append(Detections(*(each[people] for each in found)))
    true = _walked(truth.load_walks(folder), truth.FRAME_SIZE, every=10)
    return Sequenced(truth.FRAMES_PER_SECOND, truth.FRAME_SIZE, detections, true)


def _measure(true: dict[int, Seen], told: list[Seen]) -> list[float]:
    """HOTA, IDF1 and MOTA of what was told in the annotated frames."""
    frames = [k for k in sorted(true) if k < len(told)]
    pairs = [(true[k], told[k]) for k in frames]
    gt, gt_count = _dense([one.ids for one, _ in pairs])
    tracks, track_count = _dense([other.ids for _, other in pairs])
    data = {
        "num_timesteps": len(frames),
        "num_gt_ids": gt_count,
        "num_tracker_ids": track_count,
        "num_gt_dets": sum(map(len, gt)),
        "num_tracker_dets": sum(map(len, tracks)),
        "gt_ids": gt,
        "tracker_ids": tracks,
        "similarity_scores": [
            sv.box_iou_batch(one.boxes, other.boxes)
            if len(one.ids) and len(other.ids)
            else np.zeros((len(one.ids), len(other.ids)))
            for one, other in pairs
        ],
    }
    with redirect_stdout(sys.stderr):
        hota = HOTA().eval_sequence(data)["HOTA"].mean()
        idf1 = Identity().eval_sequence(data)["IDF1"]
        mota = CLEAR().eval_sequence(data)["MOTA"]
    return [float(hota), float(idf1), float(mota)]


def _dense(ids: list[NDArray[np.int64]]) -> tuple[list[NDArray[np.int64]], int]:
    """Numbers from 0 on without gaps, as TrackEval wants them."""
    known = np.unique(np.concatenate(ids))
    return [np.searchsorted(known, each) for each in ids], len(known)


def _cases(folder: Path) -> Iterator[tuple[str, list[Sequenced]]]:
    for rate in (25.0, 10.0, 5.0):
        yield f"synthetic worlds, {rate:.0f}/s", list(_synthetic(rate))
    yield "with three posters, 10/s", list(_synthetic(10.0, posters=3))
    for name in ("TUD-Campus", "TUD-Stadtmitte"):
        frames = _pedestrians(name)
        yield f"{name}, 25/s", [frames]
        yield f"{name}, 5/s", [frames.thinned(5)]
    frames = _recording(folder)
    yield "recording, 10/s", [frames]
    yield "recording, 5/s", [frames.thinned(2)]


def _plot(results: dict[str, dict[str, list[float]]], file: Path) -> None:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(MEASURES), 1, figsize=(11, 9), sharex=True)
    places, width = np.arange(len(results)), 0.8 / len(TRACKERS)
    for m, (name, axis) in enumerate(zip(MEASURES, axes, strict=True)):
        for n, tracker in enumerate(TRACKERS):
            values = [case[tracker][m] for case in results.values()]
            axis.bar(places + n * width, values, width, label=tracker)
        axis.set_ylabel(name)
        axis.set_ylim(0, 1)
    axes[0].legend(ncols=len(TRACKERS), loc="upper right")
    axes[-1].set_xticks(places + 0.4 - width / 2, results, rotation=30, ha="right")
    figure.tight_layout()
    figure.savefig(file, dpi=120)


def main(folder: Path, plot: Path) -> None:
    """Print the mean of each measure, by case and tracker."""
    results = {
        case: {
            name: np.mean([_measure(s.true, track(s)) for s in sequences], axis=0).tolist()
            for name, track in TRACKERS.items()
        }
        for case, sequences in _cases(folder)
    }
    _plot(results, plot)
    print(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
