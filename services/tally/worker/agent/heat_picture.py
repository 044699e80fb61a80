"""A heat map laid over a picture."""

from collections.abc import Sequence

import cv2
import numpy as np

from tally.worker.agent.sources import Image

_SIZE = (1280, 720)
_OPACITY = 0.75


def draw_heat(jpeg: bytes, seconds: Sequence[float], columns: int) -> bytes:
    """The heat map as JPEG; the more time was spent, the brighter and the less of the picture shows through.

    Colours follow the square root of the time: a doorway where everybody passes would otherwise outshine all ways.

    Args:
        jpeg: The camera's picture; empty for a grey one.
        seconds: How long people were in each cell, row by row.
        columns: Cells of a row.
    """
    picture: Image = np.full((_SIZE[1], _SIZE[0], 3), 40, np.uint8)
    if jpeg:
        picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
    size = picture.shape[1], picture.shape[0]
    grid = np.array(seconds, np.float32).reshape(-1, columns)
    share = np.sqrt(grid / max(float(grid.max()), 1e-9))
    heat = np.clip(cv2.resize(share, size, interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    # What nobody walked on stays as it is; a fifth of the brightest is as good as opaque.
    opacity = (_OPACITY * np.clip(heat * 5, 0, 1))[..., None]
    blended = (picture * (1 - opacity) + colours * opacity).astype(np.uint8)
    encoded: bytes = cv2.imencode(".jpg", blended, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return encoded
