"""Yardstick: ONNX Runtime alone, one prepared frame after another, with its default threads.

Runs in Triton's environment: `python -m benchmarks.runtime_alone FOLDER`.
"""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from triton_models.vision.yolox import YoloxHead

FRAMES, REPEATS = 200, 3


def main(folder: Path) -> None:
    """Print the best of a few rounds."""
    session = ort.InferenceSession(
        str(folder / "yolox_nano.onnx"), providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    head = YoloxHead(*session.get_inputs()[0].shape[2:])
    video = cv2.VideoCapture(str(folder / "pets09-s2l1.mp4"))
    prepared = [head.prepare(np.asarray(video.read()[1], np.uint8))[0] for _ in range(FRAMES)]
    session.run(None, {name: prepared[0]})
    rates = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        for blob in prepared:
            session.run(None, {name: blob})
        rates.append(FRAMES / (time.perf_counter() - began))
    print(json.dumps({"frames_per_second": max(rates)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
