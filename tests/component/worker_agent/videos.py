"""Makes small videos whose frames carry their own number."""

from collections.abc import Collection
from pathlib import Path

import av
import numpy as np

from tally.worker.agent.sources import Image

SIZE = (160, 96)
_BITS = 8


def numbered(index: int) -> Image:
    """A picture that shows `index` as eight bars, dark for 0 and bright for 1, lowest bit first."""
    width, height = SIZE
    bits = (index >> np.arange(_BITS)) & 1
    row = np.repeat(40 + 170 * bits, width // _BITS).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (height, width, 3)))


def number_of(image: Image) -> int:
    """Reads the number back."""
    bars = image.mean(axis=(0, 2)).reshape(_BITS, -1).mean(axis=1) > 125
    return int((bars << np.arange(_BITS)).sum())


def write_video(
    path: Path,
    *,
    frames: int = 40,
    fps: int = 10,
    codec: str = "libx264",
    container_format: str | None = None,
    gop: int = 10,
    rotation: int = 0,
    damaged: Collection[int] = (),
    freezes_at: int | None = None,
) -> Path:
    """Writes numbered frames, from `freezes_at` on the same; packets of those `damaged` hold nothing but zeros."""
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=fps)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = 0
        if rotation:
            stream.set_display_rotation(rotation)
        pictures = [
            av.VideoFrame.from_ndarray(
                numbered(index if freezes_at is None else min(index, freezes_at)), format="bgr24"
            )
            for index in range(frames)
        ]
        number = 0
        for picture in [*pictures, None]:
            for packet in stream.encode(picture):
                if number in damaged:
                    packet.update(bytes(packet.size))
                container.mux(packet)
                number += 1
    return path
