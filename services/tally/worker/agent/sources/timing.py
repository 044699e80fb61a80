"""Gives decoded frames their place in time."""

import time
from collections.abc import Callable

_SMALLEST_STEP_S = 0.001
_LIVE_TOLERANCE_S = 1.0


class RecordingTimeline:
    """Times of a recording: its own timestamps from the first frame, kept strictly increasing.

    A frame without a timestamp follows its predecessor at the nominal rate.
    """

    def __init__(self, fps: float | None) -> None:
        self._step = 1 / fps if fps else 1 / 25
        self._origin: float | None = None
        self._last = 0.0

    def place(self, media_time_s: float | None) -> float:
        """Returns the seconds from the recording's first frame to this one."""
        if self._origin is None:
            self._origin = media_time_s or 0.0
            return self._last
        if media_time_s is None:
            self._last += self._step
        else:
            self._last = max(media_time_s - self._origin, self._last + _SMALLEST_STEP_S)
        return self._last


class LiveTimeline:
    """Times of a live stream: the camera's timestamps while they agree with the clock.

    Arrival alone would squeeze together the frames that a network delivers in bursts; the camera's
    timestamps alone drift, jump when it synchronises its clock, and start anywhere. So they are
    anchored to the arrival of the first frame and anchored anew when they stray by a second.

    Args:
        stamped: Whether the container carries the camera's timestamps; plain MJPEG does not, and
            then only arrival counts.
        clock: Monotonic seconds.
    """

    def __init__(self, *, stamped: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._stamped = stamped
        self._clock = clock
        self._started: float | None = None
        self._anchor: float | None = None
        self._last = 0.0

    def place(self, media_time_s: float | None) -> float:
        """Returns the seconds from the stream's first frame to this one, strictly increasing."""
        now = self._clock()
        if self._started is None:
            self._started = now
            self._anchor = media_time_s
            return 0.0
        arrival = now - self._started
        placed = arrival
        if self._stamped and media_time_s is not None:
            if self._anchor is not None:
                placed = media_time_s - self._anchor
            if self._anchor is None or abs(placed - arrival) > _LIVE_TOLERANCE_S:
                placed = arrival
                self._anchor = media_time_s - arrival
        self._last = max(placed, self._last + _SMALLEST_STEP_S)
        return self._last
