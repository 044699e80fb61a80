"""A stream whose frames follow those of an earlier one."""

from dataclasses import replace
from datetime import datetime

from tally.worker.agent.reader import FrameStream
from tally.worker.agent.sources import Frame, SourceInfo

_SMALLEST_STEP_S = 0.001


class ContinuedStream:
    """Frames timed since the start of an earlier stream: a gap in time stays a gap.

    Args:
        stream: The frames; whoever opened it closes it.
        moment: Capture time of the last frame of the earlier stream.
        time_s: Its time since that stream's start.
    """

    def __init__(self, stream: FrameStream, moment: datetime, time_s: float) -> None:
        self._stream = stream
        self._moment = moment
        self._time_s = time_s
        self._shift_s: float | None = None

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        return self._stream.info

    @property
    def dropped(self) -> int:
        """Dropped frames of the later stream."""
        return self._stream.dropped

    @property
    def corrupt(self) -> int:
        """Frames of the later stream that could not be decoded."""
        return self._stream.corrupt

    async def ready(self) -> None:
        """Waits until `get` has something to tell at once; see `FrameStream`."""
        await self._stream.ready()

    async def get(self) -> Frame | None:
        """Waits for the next frame; see `FrameStream`."""
        frame = await self._stream.get()
        if frame is None:
            return None
        if self._shift_s is None:
            # A clock that was set back, or a camera ahead of it, must not turn time around.
            gap_s = max((frame.captured_at - self._moment).total_seconds(), _SMALLEST_STEP_S)
            self._shift_s = self._time_s + gap_s - frame.time_s
        return replace(frame, time_s=frame.time_s + self._shift_s)

    async def stop(self) -> None:
        """Ends decoding and closes the source."""
        await self._stream.stop()
