"""How a camera's stream does, as its worker sees it."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from tally.worker.agent.health import Condition

RATE_WINDOW_S = 5.0


class StreamState(Enum):
    """How a camera's stream does."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    UNREACHABLE = "unreachable"
    ENDED = "ended"
    RESTING = "resting"


@dataclass(slots=True)
class RateMeter:
    """Events a second, over the last `RATE_WINDOW_S` seconds."""

    _times: deque[float] = field(default_factory=deque)

    def tick(self) -> None:
        """An event happens."""
        self._times.append(time.monotonic())
        self._forget()

    def rate(self) -> float:
        """The rate now."""
        self._forget()
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / (time.monotonic() - self._times[0])

    def _forget(self) -> None:
        while self._times and self._times[0] < time.monotonic() - RATE_WINDOW_S:
            self._times.popleft()


@dataclass(slots=True)
class Figures:
    """What a run has done so far.

    Attributes:
        detector: The detector in use; empty while none is.
        width: Of the picture in pixels; 0 while no stream was open.
        height: The same.
        nominal_fps: Frames a second to be looked at: what the stream promises or the camera's limit; 0 if unknown.
        frames_processed: Frames counted on.
        frames_dropped: Frames skipped because newer ones were there.
        frames_corrupt: Frames skipped because they could not be decoded.
        frames_gated: Frames counted on without asking the detector, because nothing had moved.
        last_frame_time: Capture time of the newest counted frame.
        conditions: What is wrong with the pictures, and since when.
        meter: Measures the frames counted a second.
    """

    detector: str = ""
    width: int = 0
    height: int = 0
    nominal_fps: float = 0.0
    frames_processed: int = 0
    frames_dropped: int = 0
    frames_corrupt: int = 0
    frames_gated: int = 0
    last_frame_time: datetime | None = None
    conditions: Mapping[Condition, datetime] = field(default_factory=dict)
    meter: RateMeter = field(default_factory=RateMeter)


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How a camera's stream does.

    Attributes:
        state: The state.
        reason: Why the stream is unreachable, or until when it rests; empty otherwise.
        since: When it came into this state (UTC).
        reconnects: How often it was opened again.
        figures: Of the current run, or of the last one if there is none.
    """

    state: StreamState
    reason: str
    since: datetime
    reconnects: int
    figures: Figures
