"""Brings frames into the event loop: what every stream of them offers, and one out of a source's blocking thread."""

import asyncio
import threading
from collections import deque
from contextlib import closing
from typing import Protocol

from tally.worker.agent.sources import (
    Frame,
    SourceError,
    SourceErrorReason,
    SourceInfo,
    VideoSource,
)


class FrameStream(Protocol):
    """Frames for one async consumer: of live video the newest, of a recording all."""

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""

    @property
    def dropped(self) -> int:
        """Decoded frames that a newer one replaced before the consumer took them."""

    @property
    def corrupt(self) -> int:
        """Frames that could not be decoded."""

    async def ready(self) -> None:
        """Waits until `get` has something to tell at once.

        Raises:
            SourceError: the source went silent.
        """

    async def get(self) -> Frame | None:
        """Waits for the next frame.

        Returns:
            The frame, or None when the source is over or was closed.

        Raises:
            SourceError: the source broke off, or went silent.
        """

    async def stop(self) -> None:
        """Ends decoding and closes the source."""


class FrameReader:
    """Decodes one source in a thread of its own and hands its frames to one async consumer.

    The thread touches the event loop only through `call_soon_threadsafe`.

    Args:
        source: An open source; the reader owns it from here and closes it.
        drop: True for live video: only the newest frame is kept, and a frame that the consumer was
            too slow for is dropped and counted. False for recordings: every frame is handed over,
            and the decoder waits for the consumer.
        stall_timeout_s: Longest silence, in seconds, that `get` accepts from a source.
        capacity: Frames decoded ahead of the consumer when nothing is dropped.
    """

    def __init__(
        self,
        source: VideoSource,
        *,
        drop: bool,
        stall_timeout_s: float = 10.0,
        capacity: int = 4,
    ) -> None:
        self._source = source
        self._drop = drop
        self._stall_timeout_s = stall_timeout_s
        self._waiting: deque[Frame] = deque()
        self._capacity = 1 if drop else capacity
        self._changed = threading.Condition()
        self._stopping = False
        self._ended = False
        self._error: Exception | None = None
        self._decoded = 0
        self._dropped = 0
        self._loop: asyncio.AbstractEventLoop
        self._arrived = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="frame-reader", daemon=True)

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        return self._source.info

    @property
    def decoded(self) -> int:
        """Frames decoded so far."""
        return self._decoded

    @property
    def dropped(self) -> int:
        """Decoded frames that a newer one replaced before the consumer took them."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """Frames that could not be decoded."""
        return self._source.corrupt_frames

    def start(self) -> None:
        """Starts decoding; call it inside the event loop that will consume."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def get(self) -> Frame | None:
        """Waits for the next frame; see `FrameStream`."""
        await self.ready()
        with self._changed:
            if self._waiting:
                frame = self._waiting.popleft()
                self._changed.notify()
                return frame
        if self._error is not None:
            raise self._error
        return None

    async def ready(self) -> None:
        """Waits for as long as the stall timeout; see `FrameStream`."""
        while True:
            with self._changed:
                if self._waiting or self._ended:
                    return
                self._arrived.clear()
            try:
                async with asyncio.timeout(self._stall_timeout_s):
                    await self._arrived.wait()
            except TimeoutError:
                raise SourceError(
                    SourceErrorReason.TIMEOUT,
                    f"the source delivered no frame for {self._stall_timeout_s:g} s",
                ) from None

    async def stop(self) -> None:
        """Ends decoding and joins the thread: at most one read timeout of the source from now."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._source.close()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            with closing(self._source.frames()) as frames:
                for frame in frames:
                    if not self._hand_over(frame):
                        break
        except Exception as error:
            # Whatever ends the thread is the consumer's to see.
            self._error = error
        with self._changed:
            self._ended = True
        self._wake_consumer()

    def _hand_over(self, frame: Frame) -> bool:
        """Puts one frame where `get` finds it; False when the reader is being stopped."""
        with self._changed:
            self._decoded += 1
            if self._drop and self._waiting:
                self._waiting.clear()
                self._dropped += 1
            self._changed.wait_for(lambda: self._stopping or len(self._waiting) < self._capacity)
            if self._stopping:
                return False
            self._waiting.append(frame)
        self._wake_consumer()
        return True

    def _wake_consumer(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            # The loop was closed without `stop`: nobody is left to wake.
            self._stopping = True
