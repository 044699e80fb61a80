"""The detectors through Triton, as workers ask them: how much they see, and how many frames they take.

What they see is held against the people annotated in the recording, those hidden behind others included. Speed is
beside ONNX Runtime alone on prepared frames, in the same minute; frames are decoded beforehand.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.accuracy.truth import VIDEO, Walk, load_walks
from benchmarks.serving import MOTION, NETWORK, data_folder, runtime_alone, serving
from tally.counting import Detections
from tally.worker.agent.detector import Detectors, TritonDetector
from tally.worker.agent.selection import ClassSelection

ANNOTATED_EVERY = 10
SURE, SAME = 0.5, 0.5
"""Score from which on a box is meant, and intersection over union from which on it is the annotated one."""
SPEED_FRAMES, ROUNDS = 200, 3
CAMERAS = (1, 2, 3, 4)

Image = NDArray[np.uint8]
Boxes = NDArray[np.float64]

_numbers = count(1)
"""Of sequences: each a new one."""


def main() -> None:
    """Print all figures."""
    asyncio.run(_measure(data_folder()))


async def _measure(folder: Path) -> None:
    walks, frames = load_walks(folder), _read(folder / VIDEO)
    async with serving(folder) as detectors:
        print(f"{'':<12}{'people':>8}{'found':>8}{'recall':>8}{'precision':>11}")
        for name in (NETWORK, MOTION):
            await _see(await detectors.get(name), frames, walks)
        await _race(detectors, frames[:SPEED_FRAMES], folder)


async def _see(detector: TritonDetector, frames: Sequence[Image], walks: Sequence[Walk]) -> None:
    people = found = boxes = 0
    for index, detections in enumerate(await _watch(detector, frames)):
        if index % ANNOTATED_EVERY == 0:
            annotated = _annotated(walks, index)
            seen = detections.boxes[detections.scores >= SURE]
            people += len(annotated)
            boxes += len(seen)
            found += _matches(annotated, seen.astype(float))
    print(f"{detector.name:<12}{people:>8}{found:>8}{found / people:>8.2f}{found / boxes:>11.2f}")


async def _race(detectors: Detectors, frames: Sequence[Image], folder: Path) -> None:
    """Frames/s. The rounds alternate, so that a busy moment of the machine strikes all alike."""
    alone = 0.0
    best = {(name, cameras): 0.0 for name in (NETWORK, MOTION) for cameras in CAMERAS}
    for _ in range(ROUNDS):
        alone = max(alone, await asyncio.to_thread(runtime_alone, folder))
        for (name, cameras), rate in best.items():
            detector = await detectors.get(name)
            began = time.perf_counter()
            await asyncio.gather(*(_watch(detector, frames) for _ in range(cameras)))
            seconds = time.perf_counter() - began
            best[name, cameras] = max(rate, cameras * len(frames) / seconds)
    print(f"\nframes/s, best of {ROUNDS} rounds\n{'ONNX Runtime alone':<26}{alone:6.1f}")
    for (name, cameras), rate in best.items():
        share = f"  {rate / alone:.2f} of it" if name == NETWORK else ""
        print(f"{f'{name}, frames asked at once: {cameras}':<40}{rate:6.1f}{share}")


async def _watch(detector: TritonDetector, frames: Sequence[Image]) -> list[Detections]:
    """What one camera is told, frame by frame."""
    sequence, selection = detector.sequence(next(_numbers)), ClassSelection(detector)
    told = [selection.of(await sequence.detect(frame)) for frame in frames]
    await sequence.close()
    return told


def _annotated(walks: Sequence[Walk], frame: int) -> Boxes:
    boxes = [walk.boxes[walk.frames == frame] for walk in walks]
    return np.concatenate(boxes)


def _matches(annotated: Boxes, seen: Boxes) -> int:
    """How many of the annotated people have a box of their own."""
    low = np.maximum(annotated[:, None, :2], seen[None, :, :2])
    high = np.minimum(annotated[:, None, 2:], seen[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (annotated, seen)]
    same = shared / (areas[0][:, None] + areas[1][None] - shared) >= SAME
    rows, columns = linear_sum_assignment(same, maximize=True)
    return int(np.count_nonzero(same[rows, columns]))


def _read(file: Path) -> list[Image]:
    video, frames = cv2.VideoCapture(str(file)), []
    while (read := video.read())[0]:
        frames.append(np.asarray(read[1], np.uint8))
    return frames


if __name__ == "__main__":
    main()
