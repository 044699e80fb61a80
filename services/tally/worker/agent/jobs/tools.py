"""What jobs work with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tally.worker.agent.detector import Detector
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.runner import DetectorPool

OpenRecording = Callable[[str], Awaitable[FrameStream]]
"""Opens the recording behind a URI, to be read as fast as possible."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What jobs work with.

    Attributes:
        detectors: Who finds objects.
        open: Opens recordings.
    """

    detectors: DetectorPool
    open: OpenRecording

    async def detector(self, name: str) -> Detector:
        """The detector of this name, or the best one where none is named."""
        return await (self.detectors.get(name) if name else self.detectors.best())
