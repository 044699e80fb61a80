"""Speeds at crossings of the demo scene, which knows how fast everybody walks, with `motion` and a calibrated floor."""

import numpy as np

from tally.counting import Calibration, CountingEngine, Crossing, Detections, Direction, Line
from tally.worker.agent.sources import Pace
from tally.worker.agent.sources.demo.options import DemoOptions
from tally.worker.agent.sources.demo.scene import Scene, Walker
from tally.worker.agent.sources.demo.source import DemoSource
from triton_models.vision.motion import MotionDetector

SEEDS = 2
SECONDS = 90

_FPS = 10
_WIDE_S = 1.0
_PLAN = ((-3.0, 22.0), (3.0, 22.0), (3.0, 11.0), (-3.0, 11.0))
# Straight up the middle of the picture: x = 0 on the floor.
_LINE = Line("middle", ((0.5, 0.97), (0.5, 0.27)))


def calibration(scene: Scene) -> Calibration:
    """The scene's floor, as somebody who measured it would tell."""
    seen, _ = scene.camera.project(np.array([(x, y, 0.0) for x, y in _PLAN]))
    return Calibration(tuple((float(x), float(y)) for x, y in seen), _PLAN)


def true_speed(scene: Scene, time_s: float, crossing: Crossing) -> float | None:
    """How fast the one who crossed then walked within a second; None if nobody did, or several."""
    before, after = (
        {walker.id: walker for walker in scene.walkers_at(time_s + shift)}
        for shift in (-_WIDE_S / 2, _WIDE_S / 2)
    )
    sign = 1 if crossing.direction is Direction.IN else -1

    def crossed(walker: Walker) -> bool:
        later = after.get(walker.id)
        return later is not None and sign * walker.x < 0 < sign * later.x

    candidates = [walker for walker in before.values() if crossed(walker)]
    if len(candidates) != 1:
        return None
    [one] = candidates
    return float(np.hypot(after[one.id].x - one.x, after[one.id].y - one.y)) / _WIDE_S


def run(seed: int) -> list[tuple[float, float]]:
    """Returns the told and the true speed of each crossing of one scene that is somebody's alone."""
    uri = f"demo://plaza?seed={seed}&width=640&height=360&walkers=12&fps={_FPS}&frames={SECONDS * _FPS}"
    scene = DemoOptions.parse(uri).scene()
    source = DemoSource(uri, pace=Pace.AS_FAST_AS_POSSIBLE)
    size = source.info.width, source.info.height
    engine = CountingEngine(lines=[_LINE], calibration=calibration(scene), frame_size=size)
    detector = MotionDetector()
    pairs = []
    for frame in source.frames():
        boxes, scores = detector.detect(frame.image)
        found = Detections(boxes, scores, np.zeros(len(boxes), np.int32))
        for crossing in engine.update(frame.time_s, found).crossings:
            # Scenes begin at frame 0, so that the stream's time is the scene's.
            true = true_speed(scene, crossing.time_s, crossing)
            if true is not None and crossing.speed_mps is not None:
                pairs.append((crossing.speed_mps, true))
    return pairs


def main() -> None:
    """Print how far the speeds are off."""
    told, true = np.array([pair for seed in range(1, SEEDS + 1) for pair in run(seed)]).T
    off = told / true - 1
    print(f"{len(off)} crossings at {true.min():.2f} to {true.max():.2f} m/s")
    print(f"median error {np.median(np.abs(off)):.1%}, bias {np.median(off):+.1%}")
    for share in (0.1, 0.2, 0.3):
        print(f"within {share:.0%}: {np.mean(np.abs(off) <= share):.0%}")
