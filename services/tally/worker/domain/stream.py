"""How a camera's stream does, as its worker says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class StreamState(Enum):
    """How a camera's stream does."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    UNREACHABLE = "unreachable"
    ENDED = "ended"
    RESTING = "resting"


class StreamCondition(Enum):
    """What may be wrong with pictures that arrive."""

    FROZEN = "frozen"
    OBSCURED = "obscured"
    VIEW_MOVED = "view_moved"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """How a camera's stream does, with the figures of its current run.

    Attributes:
        state: The state.
        reason: Why the stream is unreachable, or until when it rests.
        frames_per_second: Frames counted a second, over the last few seconds.
        frames_processed: Frames counted on.
        frames_dropped: Frames skipped because newer ones were there.
        frames_corrupt: Frames skipped because they could not be decoded.
        last_frame_time: Capture time of the newest counted frame.
        detector: The detector in use.
        update_time: When the worker said this.
        width: Of the picture in pixels; 0 while no stream was open.
        height: The same.
        nominal_frames_per_second: What the stream promises; 0 if it promises nothing.
        reconnects: How often it was opened again.
        since: When it came into this state; None if the worker does not say.
        conditions: What is wrong with its pictures, and since when.
    """

    state: StreamState
    reason: str
    frames_per_second: float
    frames_processed: int
    frames_dropped: int
    frames_corrupt: int
    last_frame_time: datetime | None
    detector: str
    update_time: datetime
    width: int = 0
    height: int = 0
    nominal_frames_per_second: float = 0.0
    reconnects: int = 0
    since: datetime | None = None
    conditions: Mapping[StreamCondition, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunningCamera:
    """A camera that a worker says it runs.

    Attributes:
        camera_id: The camera.
        epoch: Of the assignment under which it runs.
        status: How its stream does.
    """

    camera_id: str
    epoch: int
    status: StreamStatus
