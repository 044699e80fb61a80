"""The demo scene as a camera."""

import threading
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import count

from tally.kernel.clock import Clock, utc_now
from tally.worker.agent.sources.base import Frame, Pace, SourceInfo
from tally.worker.agent.sources.demo.options import DemoOptions
from tally.worker.agent.sources.demo.renderer import Renderer

SCENE_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
"""When the scene's time began, for everybody who watches it live."""


class DemoSource:
    """Renders the demo scene.

    In real time the scene goes on whether or not anybody watches: the frame's index follows the
    wall clock from `SCENE_BEGAN`, so a restarted worker sees what a real camera would show it, and a
    machine that is too slow skips frames. As fast as possible, every frame from `start` on is drawn.

    Args:
        uri: See `DemoOptions`.
        pace: Real time or as fast as possible.
        started_at: UTC moment of frame 0 when the scene is not live; now by default.
        clock: The wall clock.

    Raises:
        SourceError: the address is wrong.
    """

    def __init__(
        self,
        uri: str,
        *,
        pace: Pace = Pace.REALTIME,
        started_at: datetime | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._options = DemoOptions.parse(uri)
        self._live = pace is Pace.REALTIME
        self._clock = clock
        self.began = SCENE_BEGAN if self._live else started_at or clock()
        self._closing = threading.Event()

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        options = self._options
        return SourceInfo(
            options.width, options.height, float(options.fps), options.frames or None, self._live
        )

    @property
    def corrupt_frames(self) -> int:
        """Always 0: nothing is decoded."""
        return 0

    def frames(self) -> Generator[Frame, None, None]:
        """Yields the frames; see `VideoSource.frames`."""
        options = self._options
        renderer = Renderer(
            options.scene(), seed=options.seed, width=options.width, height=options.height
        )
        index = first = self._index_now() if self._live else options.start
        for delivered in count(1):
            if self._live:
                index = max(index, self._index_now())
                self._closing.wait((self._time_of(index) - self._clock()).total_seconds())
            if self._closing.is_set():
                return
            yield Frame(
                index=index,
                time_s=(index - first) / options.fps,
                captured_at=self._time_of(index),
                image=renderer.render(index, index / options.fps),
            )
            if delivered == options.frames:
                return
            index += 1

    def close(self) -> None:
        """Asks `frames` to end; see `VideoSource.close`."""
        self._closing.set()

    def _index_now(self) -> int:
        return int((self._clock() - self.began).total_seconds() * self._options.fps)

    def _time_of(self, index: int) -> datetime:
        return self.began + timedelta(seconds=index / self._options.fps)
