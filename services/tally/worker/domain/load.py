"""How busy a camera keeps a worker: frames a second, times what a frame costs there.

By Little's law, a detector that works on k frames at once and answers each after s seconds does k / s frames a
second, so that a frame costs s / k of its time. Half of its time taken is a load of 0.5. What is measured while
a worker has little to do is up to twice too low, since nobody waits then; it rises with the load.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from statistics import median

USUAL_RATE = 10.0
"""Frames a second of a stream of which nothing was heard yet."""

FrameCosts = Mapping[str, float]
"""Milliseconds of a worker's time for a frame, by detector."""


def frames_wanted(most: float, promised: float) -> float:
    """Frames a second of a camera that are to be looked at.

    Args:
        most: How many its configuration allows; 0 for all.
        promised: How many its stream promises; 0 if that is unknown.
    """
    rate = promised or USUAL_RATE
    return min(most, rate) if most else rate


class Costs:
    """What a frame costs at each of some workers; who has not measured a detector is taken to be as the others.

    Args:
        measured: What each worker measured.
    """

    def __init__(self, measured: Collection[FrameCosts]) -> None:
        every = defaultdict(list)
        for costs in measured:
            for detector, cost in costs.items():
                every[detector].append(cost)
        self.usual: FrameCosts = {name: median(costs) for name, costs in every.items()}

    def load(self, frames_per_second: float, detector: str, measured: FrameCosts) -> float:
        """The part of a worker's time that a camera takes; 0 if nobody measured any detector.

        Args:
            frames_per_second: Of the camera, that are to be looked at.
            detector: Which the camera is to have; empty leaves it to the worker, which takes its best, the dearest.
            measured: What the worker measured.
        """
        if detector:
            cost = measured.get(detector, self.usual.get(detector, 0.0))
        else:
            cost = max((measured or self.usual).values(), default=0.0)
        return frames_per_second * cost / 1000
