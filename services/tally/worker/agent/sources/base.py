"""What every video source offers, whatever it reads from."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture, shape (height, width, 3), channels blue, green, red."""


class Pace(Enum):
    """How fast a source that could deliver at any speed hands out its frames."""

    REALTIME = "realtime"
    AS_FAST_AS_POSSIBLE = "as_fast_as_possible"


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before its first frame.

    Attributes:
        width: Picture width in pixels, the same for every frame.
        height: Picture height in pixels, the same for every frame.
        fps: Nominal frames per second, where the source tells.
        frame_count: Number of frames of a recording, where the file tells.
        live: Whether it shows the present, so that a frame missed is gone. What is not live can be read
            again, and has the same frames at the same times then.
        codec: How its pictures are encoded, as FFmpeg calls it; empty where they are not.
    """

    width: int
    height: int
    fps: float | None
    frame_count: int | None
    live: bool
    codec: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its place in time.

    Attributes:
        index: Number of the frame within its source; grows, with gaps where frames were skipped.
        time_s: Seconds since the stream's start; strictly increasing.
        captured_at: UTC moment that the picture shows.
        image: The picture, (height, width, 3) BGR.
        decoded_s: Monotonic seconds of this machine when it was there; what it is delayed by counts from here.
    """

    index: int
    time_s: float
    captured_at: datetime
    image: Image
    decoded_s: float = field(default_factory=time.monotonic)


class VideoSource(Protocol):
    """A stream of frames, read by one thread and closable from any."""

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        ...

    @property
    def corrupt_frames(self) -> int:
        """Frames skipped so far because they could not be decoded."""
        ...

    def frames(self) -> Generator[Frame, None, None]:
        """Yields the frames, once, blocking for as long as the source or the pace demands.

        Raises:
            SourceError: the source broke off; a recording that is over just ends.
        """
        ...

    def close(self) -> None:
        """Asks `frames` to end; returns at once. What was opened is released by the reading thread."""
        ...
