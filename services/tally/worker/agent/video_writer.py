"""Writes frames to an MP4 file."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av

from tally.worker.agent.sources import Image

_TIME_BASE = Fraction(1, 60_000)  # as fine as MPEG-4 allows, and whole for the usual rates


class VideoWriter:
    """An MP4 file that keeps each frame's own time; a context manager, complete when left.

    H.264 where this FFmpeg can write it, else MPEG-4; both play everywhere.

    Args:
        path: The file, overwritten.
        width: Pixels; an odd last column is cut off, as the colour format demands.
        height: Pixels; likewise.
        fps: Nominal rate.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, *, width: int, height: int, fps: float) -> None:
        self._container = av.open(f"file:{path}", "w", format="mp4")
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream = self._container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - tells mypy what a video codec gives
        self._width, self._height = width // 2 * 2, height // 2 * 2
        stream.width, stream.height = self._width, self._height
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TIME_BASE
        if codec == "libx264":
            stream.options = {"preset": "veryfast", "crf": "20"}
        else:
            stream.bit_rate = round(self._width * self._height * fps * 0.2)
        try:
            # Opens the file, which otherwise waits for the first packet.
            self._container.start_encoding()
        except OSError as error:
            raise OSError(error.errno, f"{path} cannot be written: {error.strerror}") from error
        self._stream = stream

    def write(self, image: Image, time_s: float) -> None:
        """Appends a frame, (height, width, 3) BGR, at a time later than the last one's."""
        picture = av.VideoFrame.from_ndarray(
            image[: self._height, : self._width].copy(), format="bgr24"
        )
        picture.pts = round(time_s / _TIME_BASE)
        picture.time_base = _TIME_BASE
        self._container.mux(self._stream.encode(picture))

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()
