"""A source of which no more frames are taken than are wanted."""

from collections.abc import Callable, Generator
from contextlib import closing

from tally.worker.agent.sources.base import Frame, SourceInfo, VideoSource

_EARLY = 0.1
"""Part of the time between two frames by which one may come early: cameras are not that exact."""


def thinned(opening: Callable[[], VideoSource], max_fps: float) -> VideoSource:
    """The source that is opened, with at most so many frames a second; 0 for all."""
    source = opening()
    return ThinnedSource(source, max_fps) if max_fps else source


class ThinnedSource:
    """Hands over at most so many frames a second of another source, evenly; the rest cost their decoding alone.

    Which frames those are depends on their times only, so that a recording has the same ones each time.

    Args:
        source: Where they come from.
        max_fps: The most frames a second.
    """

    def __init__(self, source: VideoSource, max_fps: float) -> None:
        self._source = source
        self._period_s = 1 / max_fps

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        return self._source.info

    @property
    def corrupt_frames(self) -> int:
        """Frames skipped so far because they could not be decoded."""
        return self._source.corrupt_frames

    def frames(self) -> Generator[Frame, None, None]:
        """Yields the frames that are due; see `VideoSource.frames`."""
        due_s = 0.0
        with closing(self._source.frames()) as frames:
            for frame in frames:
                if frame.time_s < due_s - _EARLY * self._period_s:
                    continue
                due_s += self._period_s
                if due_s <= frame.time_s:  # after a pause there is nothing to catch up with
                    due_s = frame.time_s + self._period_s
                yield frame

    def close(self) -> None:
        """Asks `frames` to end; see `VideoSource.close`."""
        self._source.close()
