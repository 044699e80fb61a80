"""Pictures as JPEG, small enough to travel in one message."""

import cv2
import numpy as np

from tally.worker.agent.sources import Image

MAX_BYTES = 512 * 2**10
"""Half of what NATS carries in one message by default."""

_QUALITIES = (85, 70, 50)


def encode_jpeg(image: Image, max_width: int) -> bytes:
    """The picture, (height, width, 3) BGR, as JPEG of at most `MAX_BYTES`.

    Args:
        image: The picture.
        max_width: Wider pictures are made as wide as this, in pixels; taller ones than four times this, as tall.
    """
    while True:
        scale = min(1.0, max_width / image.shape[1], 4 * max_width / image.shape[0])
        if scale < 1.0:
            width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(
                np.uint8, copy=False
            )
        for quality in _QUALITIES:
            jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(jpeg) <= MAX_BYTES:
                return jpeg
        max_width = round(image.shape[1] * 0.7)
