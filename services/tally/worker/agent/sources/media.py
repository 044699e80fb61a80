"""Video files and network streams, decoded by FFmpeg through PyAV."""

import threading
import time
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from itertools import chain

import av
import av.container
import numpy as np

from tally.kernel.clock import utc_now
from tally.worker.agent.sources.base import Frame, Image, Pace, SourceInfo
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason
from tally.worker.agent.sources.media_errors import opening_failed, reading_failed
from tally.worker.agent.sources.timing import LiveTimeline, RecordingTimeline

# FFmpeg "plays" any text file through its terminal-art demuxer.
_NOT_VIDEO_FORMATS = {"tty"}
# What FFmpeg says of time for these is invented, the frame rate included.
_UNSTAMPED_FORMATS = {"mpjpeg", "mjpeg", "h264", "hevc"}


class MediaSource:
    """Anything FFmpeg opens: a recording (its length is known) or a live stream.

    A recording is played once; frame times are `started_at` plus its own timestamps, so playing it
    again gives the same indexes and times. A live stream never ends by itself: when the other side
    closes it or sends pictures of another size, in which lines need not be where they were, `frames` raises.

    Opening blocks until the first picture is decoded, so a source that opened does deliver. Reading
    never blocks for longer than the timeout, because every wait inside FFmpeg is interrupted then;
    nothing else may interrupt it: closing a container while another thread reads it crashes.

    Args:
        location: What FFmpeg opens.
        label: How messages name the source; must hold no credentials.
        options: FFmpeg options of protocol and demuxer.
        pace: Speed of a recording; a live stream has its own.
        started_at: UTC moment of a recording's first frame; now by default.
        timeout_s: Longest wait for the connection, for the first picture, and for each packet.

    Raises:
        SourceError: it cannot be opened, or holds no video.
    """

    def __init__(
        self,
        location: str,
        *,
        label: str,
        options: dict[str, str],
        pace: Pace,
        started_at: datetime | None,
        timeout_s: float,
    ) -> None:
        self._label = label
        self._pace = pace
        self._closing = threading.Event()
        self._corrupt = 0
        began = time.monotonic()
        try:
            self._container = av.open(location, options=options, timeout=timeout_s)
        except (av.FFmpegError, OSError, ValueError) as error:
            timed_out = time.monotonic() - began >= timeout_s
            # FFmpeg's error has the whole address, credentials included, and must not reach a traceback.
            raise opening_failed(error, label, timeout_s if timed_out else None) from None
        try:
            self._stream = self._video_stream()
            self._live = self._container.duration is None
            # Frame threads decode faster but hold back a frame each.
            self._stream.codec_context.thread_type = "SLICE" if self._live else "AUTO"
            self._pictures = self._decode()
            self._first = first = self._first_picture()
        except BaseException:
            self._container.close()
            raise
        self._started_at = started_at if started_at and not self._live else utc_now()
        self._encoded_size = first.width, first.height
        sideways = first.rotation % 180 == 90
        self._stamped = self._container.format.name not in _UNSTAMPED_FORMATS
        rate = self._stream.average_rate if self._stamped or not self._live else None
        self._info = SourceInfo(
            width=first.height if sideways else first.width,
            height=first.width if sideways else first.height,
            fps=float(rate) if rate else None,
            frame_count=self._stream.frames or None,
            live=self._live,
            codec=self._stream.codec_context.name,
        )

    @property
    def info(self) -> SourceInfo:
        """The picture's size and rate."""
        return self._info

    @property
    def corrupt_frames(self) -> int:
        """Frames skipped so far because they could not be decoded."""
        return self._corrupt

    def frames(self) -> Generator[Frame, None, None]:
        """Yields the frames; see `VideoSource.frames`."""
        timeline = (
            LiveTimeline(stamped=self._stamped) if self._live else RecordingTimeline(self._info.fps)
        )
        paced = self._pace is Pace.REALTIME and not self._live
        began = time.monotonic()
        try:
            # A frame that was skipped keeps its number, so that the others keep theirs.
            for decoded, picture in enumerate(chain([self._first], self._pictures)):
                if self._live and (picture.width, picture.height) != self._encoded_size:
                    raise self._error(SourceErrorReason.ENDED, self._resized(picture))
                index = decoded + self._corrupt
                time_s = timeline.place(picture.time)
                if paced:
                    self._closing.wait(began + time_s - time.monotonic())
                if self._closing.is_set():
                    return
                yield Frame(
                    index,
                    time_s,
                    self._started_at + timedelta(seconds=time_s),
                    self._image(picture),
                )
            if self._live and not self._closing.is_set():
                raise self._error(SourceErrorReason.ENDED, "closed the stream")
        finally:
            self._container.close()

    def close(self) -> None:
        """Asks `frames` to end; see `VideoSource.close`."""
        self._closing.set()

    def _video_stream(self) -> av.VideoStream:
        if self._container.format.name in _NOT_VIDEO_FORMATS:
            raise self._error(SourceErrorReason.NOT_VIDEO, "is not a video")
        if not self._container.streams.video:
            raise self._error(SourceErrorReason.NOT_VIDEO, "has no video stream")
        return self._container.streams.video[0]

    def _first_picture(self) -> av.VideoFrame:
        picture = next(self._pictures, None)
        if picture is None:
            raise self._error(SourceErrorReason.NOT_VIDEO, "holds no picture that can be decoded")
        return picture

    def _decode(self) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(self._stream)
        while not self._closing.is_set():
            began = time.monotonic()
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                if isinstance(error, av.InvalidDataError) and not self._live:
                    # Nothing behind a break in a file's structure can be found again.
                    self._corrupt += 1
                    return
                raise reading_failed(error, self._label, time.monotonic() - began) from None
            if packet is None:
                return
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                self._corrupt += 1
                continue
            for picture in pictures:
                if picture.is_corrupt:
                    self._corrupt += 1
                else:
                    yield picture

    def _image(self, picture: av.VideoFrame) -> Image:
        """Converts to BGR, upright, in the size that `info` announced."""
        quarter_turns = round(picture.rotation / 90) % 4
        width, height = self._info.width, self._info.height
        if quarter_turns % 2:
            width, height = height, width
        image = picture.to_ndarray(format="bgr24", width=width, height=height)
        return np.ascontiguousarray(np.rot90(image, quarter_turns), np.uint8)

    def _resized(self, picture: av.VideoFrame) -> str:
        width, height = self._encoded_size
        return f"changed its picture from {width} x {height} to {picture.width} x {picture.height}"

    def _error(self, reason: SourceErrorReason, what: str) -> SourceError:
        return SourceError(reason, f"{self._label} {what}")
