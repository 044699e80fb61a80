"""Shows one run's frames to the detector and bears with its failures."""

import asyncio
import time
from uuid import uuid4

from opentelemetry import metrics

from tally.counting import Detections
from tally.worker.agent.detector import Detector, DetectorSequence, DetectorUnavailable
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import Frame

PATIENCE_S = 10.0
PAUSE_S = 0.5

_latency = metrics.get_meter("tally.worker.agent").create_histogram(
    "tally.detector.duration", unit="s", description="Time from asking the detector to its answer"
)


class Inspector:
    """Finds what counts in each frame of one run.

    While the detector does not answer, a live stream's frames are left out and a recording's frame is
    tried again, for `patience_s` at most. A detector that remembers frames cannot go on in the middle of
    a recording: the recording has to be read again.

    Args:
        detector: Who is asked.
        selection: What counts.
        live: Whether the frames are of a live stream.
        patience_s: How long the detector may be silent before the run ends.
        pause_s: How long to wait between attempts.

    Attributes:
        left_out: How many frames were left out.
    """

    def __init__(
        self,
        detector: Detector,
        selection: ClassSelection,
        *,
        live: bool,
        patience_s: float = PATIENCE_S,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._detector = detector
        self._selection = selection
        self._live = live
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._sequence = self._new_sequence()
        self._answered_at = time.monotonic()
        self.left_out = 0

    async def detect(self, frame: Frame) -> Detections | None:
        """What counts in the frame; None if it was left out.

        Raises:
            DetectorUnavailable: The detector has been silent for too long.
        """
        while True:
            began = time.monotonic()
            try:
                found = await self._sequence.detect(frame.image)
            except DetectorUnavailable:
                silent_s = time.monotonic() - self._answered_at
                mid_recording = self._detector.stateful and not self._live
                if mid_recording or silent_s > self._patience_s:
                    raise
                self._sequence = self._new_sequence()
                await asyncio.sleep(self._pause_s)
                if self._live:
                    self.left_out += 1
                    return None
                continue
            self._answered_at = time.monotonic()
            _latency.record(self._answered_at - began, {"detector": self._detector.name})
            return self._selection.of(found)

    async def close(self) -> None:
        """Let the detector forget the run."""
        await self._sequence.close()

    def _new_sequence(self) -> DetectorSequence:
        # A fresh number each time: a server that still knows the old one must not mix the two.
        return self._detector.sequence(uuid4().int >> 65)
