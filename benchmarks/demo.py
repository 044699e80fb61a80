"""How well `motion` counts the demo scene, from the first frame on: errors and true crossings as time goes by.

Every other run shows the scene that `tally up` shows, the rest have seeds of their own; each begins at another
moment, in the middle of the scene, as a live camera does.
"""

import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime

import numpy as np

from tally.counting import CountingEngine, Detections, Direction
from tally.worker.agent.sources import Pace
from tally.worker.agent.sources.demo.layout import DEMO_LINES, DEMO_ZONES
from tally.worker.agent.sources.demo.reference import Reference
from tally.worker.agent.sources.demo.source import DemoSource
from triton_models.vision.motion import MotionDetector

RUNS = 14
TIMES_S = (10, 20, 30, 60, 120, 180)

_FPS = 15
_LATEST_START = 900 * 24 * 3600 * _FPS


def run(seed: int, start: int) -> list[tuple[int, int]]:
    """Counts one scene from its frame `start` on; returns summed |counted − true| and true crossings at each time."""
    uri = f"demo://plaza?seed={seed}&fps={_FPS}&start={start}&frames={TIMES_S[-1] * _FPS + 1}"
    source = DemoSource(uri, pace=Pace.AS_FAST_AS_POSSIBLE)
    reference = Reference(uri, began=source.began)
    info = source.info
    engine = CountingEngine(
        lines=DEMO_LINES, zones=DEMO_ZONES, frame_size=(info.width, info.height)
    )
    detector = MotionDetector()
    counted = {(line.name, direction): 0 for line in DEMO_LINES for direction in Direction}
    began: datetime | None = None
    results: list[tuple[int, int]] = []
    for frame in source.frames():
        began = began or frame.captured_at
        boxes, scores = detector.detect(frame.image)
        classes = np.zeros(len(boxes), np.int32)
        for crossing in engine.update(frame.time_s, Detections(boxes, scores, classes)).crossings:
            counted[crossing.line, crossing.direction] += 1
        if frame.time_s >= TIMES_S[len(results)]:
            error = true = 0
            for line in DEMO_LINES:
                totals = reference.totals(line, began, frame.captured_at)
                error += abs(counted[line.name, Direction.IN] - totals.into)
                error += abs(counted[line.name, Direction.OUT] - totals.out)
                true += totals.into + totals.out
            results.append((error, true))
    return results


def main() -> None:
    """Print a row for each run and their sums."""
    chance = random.Random(7)  # noqa: S311 - scenery, not secrets
    scenes = [
        (1 if number % 2 == 0 else chance.randrange(2, 1000), chance.randrange(_LATEST_START))
        for number in range(RUNS)
    ]
    print("errors / true crossings after so many seconds")
    print("seed" + "".join(f"{f'{time_s} s':>10}" for time_s in TIMES_S))
    rows = []
    with ProcessPoolExecutor() as pool:
        for (seed, _), row in zip(scenes, pool.map(run, *zip(*scenes, strict=True)), strict=True):
            rows.append(row)
            print(f"{seed:<4}{_cells(row)}", flush=True)
    sums = [
        (sum(e for e, _ in column), sum(t for _, t in column)) for column in zip(*rows, strict=True)
    ]
    print(f"all {_cells(sums)}")
    print("    " + "".join(f"{error / true:>10.3f}" for error, true in sums))


def _cells(results: Sequence[tuple[int, int]]) -> str:
    return "".join(f"{f'{error}/{true}':>10}" for error, true in results)
