"""What is said of pictures to be wrong: false alarms on the real recording, and how soon mishaps to it are noticed."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from benchmarks.accuracy.truth import VIDEO
from benchmarks.serving import data_folder
from tally.worker.agent.health import Condition, StreamHealth
from tally.worker.agent.sources import Frame, Image, Pace, open_source
from tally.worker.agent.view import StillView

MISHAP_S = 40.0
DEMO_S = 120.0
Mishap = Callable[[Image], Image]


def _warped(turn_deg: float = 0.0, zoom: float = 1.0, shift: float = 0.0) -> Mishap:
    def warp(image: Image) -> Image:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, zoom)
        matrix[0, 2] += shift * width
        return np.asarray(
            cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
        )

    return warp


def _noisy(image: Image) -> Image:
    """What a sensor makes of it: no two pictures are the same."""
    noise = np.empty(image.shape, np.int16)
    cv2.randn(noise, np.zeros(3), np.full(3, 2.0))
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


MISHAPS: dict[str, Mishap] = {
    "covered": lambda image: _noisy(np.full_like(image, 60)),
    "lights out": lambda image: _noisy((image * 0.05).astype(np.uint8)),
    "moved by 2 % of the width": _warped(shift=0.02),
    "moved by 5 % of the width": _warped(shift=0.05),
    "turned by 3 degrees": _warped(turn_deg=3.0),
    "zoomed by 10 %": _warped(zoom=1.1),
    "looks elsewhere": _warped(shift=0.5),
    # These are no mishaps, and nothing may be said of them.
    "half as bright": lambda image: (image * 0.5).astype(np.uint8),
    "half hidden by a lorry": lambda image: np.asarray(
        cv2.rectangle(image.copy(), (100, 50), (340, 360), (200, 60, 30), -1), np.uint8
    ),
}


def main() -> None:
    """Print what was noticed, and when."""
    recording = str(data_folder() / VIDEO)
    print(f"the recording as it is: {_alarms(recording, lambda frame: frame.image)}")
    for walkers in (5, 40):
        uri = f"demo://plaza?walkers={walkers}&seed=1"
        alarms = _alarms(uri, lambda frame: _noisy(frame.image), DEMO_S)
        print(f"{DEMO_S:.0f} s of the demo scene with {walkers} people: {alarms}", flush=True)
    print(f"from {MISHAP_S:.0f} s of the recording on:")
    frozen: list[Image] = []

    def freeze(image: Image) -> Image:
        frozen[:] = frozen or [image]
        return frozen[0]

    for name, mishap in {"frozen": freeze, **MISHAPS}.items():
        print(f"{name:<28}{_alarms(recording, partial(_befalling, mishap))}", flush=True)


def _befalling(mishap: Mishap, frame: Frame) -> Image:
    return mishap(frame.image) if frame.time_s >= MISHAP_S else frame.image


def _alarms(uri: str, seen: Callable[[Frame], Image], until_s: float = float("inf")) -> str:
    """What was said first of each condition."""
    source = open_source(uri, pace=Pace.AS_FAST_AS_POSSIBLE)
    health, said = StreamHealth(StillView(), None), dict[Condition, float]()
    for frame in source.frames():
        if frame.time_s > until_s:
            break
        shown = Frame(frame.index, frame.time_s, frame.captured_at, seen(frame))
        if health.look(shown):
            for condition in health.conditions:
                said.setdefault(condition, frame.time_s)
    source.close()
    return (
        ", ".join(f"{kind.value} at {time_s:.1f} s" for kind, time_s in said.items()) or "nothing"
    )


if __name__ == "__main__":
    main()
