"""Spares the detector the frames that show what it has just seen."""

import asyncio
from collections.abc import Sequence

import numpy as np

from tally.counting import Detections, EngineConfig, Mask
from tally.worker.agent.detector import Detector
from tally.worker.agent.gate import MotionGate
from tally.worker.agent.pipeline import Detect
from tally.worker.agent.sources import Frame

_BELIEVED = EngineConfig().tracker.high_score

_Look = asyncio.Future[Detections | None]


class Gating:
    """Has still frames count as if the detector had seen in them what it saw in the frame that they look like.

    So the tracker is told of whoever stands still at the full frame rate, and nobody's track ends. What one look saw
    is repeated only if the look before it saw as many objects: what flickers is looked at frame by frame.

    A detector that remembers frames is shown all of them: it learns the background from the still ones.

    Args:
        detect: Asks the detector; called in the order of the frames.
        detector: Who is asked.
        masks: Where motion does not matter.

    Attributes:
        gated: How many frames the detector was spared.
    """

    def __init__(self, detect: Detect, detector: Detector, masks: Sequence[Mask]) -> None:
        self._detect = detect
        self._gate = None if detector.stateful else MotionGate(masks)
        self._turn = asyncio.Lock()
        self._looks: tuple[_Look, ...] = ()
        self._agreed = False
        self.gated = 0

    async def detect(self, frame: Frame) -> Detections | None:
        """What is in the frame; None if it is to be left out."""
        if self._gate is None:
            return await self._detect(frame)
        # One frame is decided on after the other, else the same frames would not always give the same counts.
        async with self._turn:
            skipped = self._gate.skips(frame)
            if skipped and not self._agreed:
                self._agreed = skipped = await self._looks_agree()
                if not skipped:
                    self._gate.reopen(frame.time_s)
            if not skipped:
                look: _Look = asyncio.get_running_loop().create_future()
                self._looks = (*self._looks[-1:], look)
                self._agreed = False
            look = self._looks[-1]
        if not skipped:
            return await self._look(frame, look)
        seen = await asyncio.shield(look)
        if seen is None:
            return await self._detect(frame)
        self.gated += 1
        return seen

    async def _look(self, frame: Frame, look: _Look) -> Detections | None:
        try:
            seen = await self._detect(frame)
        except BaseException:
            look.set_result(None)
            raise
        look.set_result(seen)
        return seen

    async def _looks_agree(self) -> bool:
        counts = {_count(await asyncio.shield(look)) for look in self._looks}
        return len(self._looks) > 1 and len(counts) == 1


def _count(seen: Detections | None) -> int | None:
    return None if seen is None else int(np.count_nonzero(seen.scores >= _BELIEVED))
