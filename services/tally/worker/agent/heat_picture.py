"""A heat map laid over a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.sources import Image

_SIZE = (1280, 720)
_OPACITY = 0.75


def draw_heat(jpeg: bytes, seconds: NDArray[np.float64]) -> bytes:
    """The heat map as JPEG; the more time was spent, the brighter and the less of the picture shows through.

    Colours follow the square root of the time: a doorway where everybody passes would otherwise outshine all ways.

    Args:
        jpeg: The camera's picture; empty for a grey one.
        seconds: (rows, columns) how long people were in each cell.
    """
    picture: Image = np.full((_SIZE[1], _SIZE[0], 3), 40, np.uint8)
    if jpeg:
        picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
    size = picture.shape[1], picture.shape[0]
    share = np.sqrt(seconds / max(float(seconds.max()), 1e-9)).astype(np.float32)
    heat = np.clip(cv2.resize(share, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    # What nobody walked on stays as it is; a fifth of the brightest is as good as opaque.
    opacity = (_OPACITY * np.clip(heat * 5, 0, 1))[..., None]
    blended = (picture * (1 - opacity) + colours * opacity).astype(np.uint8)
    encoded: bytes = cv2.imencode(".jpg", blended, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return encoded
