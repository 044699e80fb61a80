"""Pictures as JPEG, small enough to travel in one message."""

import cv2
import numpy as np

from tally.worker.agent.sources import Image

MAX_BYTES = 512 * 2**10
"""Half of what NATS carries in one message by default."""

_QUALITIES = (85, 70, 50)


def fitted(image: Image, max_width: int) -> Image:
    """The picture, (height, width, 3) BGR, at most `max_width` pixels wide and four times as many tall."""
    scale = min(max_width / image.shape[1], 4 * max_width / image.shape[0])
    if scale >= 1.0:
        return image
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    smaller = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return smaller.astype(np.uint8, copy=False)


def encode_jpeg(image: Image) -> bytes:
    """The picture, (height, width, 3) BGR, as JPEG of at most `MAX_BYTES`, made smaller if it must be."""
    while True:
        for quality in _QUALITIES:
            jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            if len(jpeg) <= MAX_BYTES:
                return jpeg
        image = fitted(image, round(image.shape[1] * 0.7))
