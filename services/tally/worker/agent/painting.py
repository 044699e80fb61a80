"""Smooth drawing on video frames: text, pills and translucent fills.

OpenCV's only fonts are stroked lines, ragged at the size of a label. So text is drawn several times
too large, scaled down, and kept: the same few labels appear on every frame.
"""

from functools import lru_cache

import cv2
import numpy as np
from cv2.typing import MatLike

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

_FONT = cv2.FONT_HERSHEY_DUPLEX
_OVERSIZE = 6


@lru_cache(maxsize=512)
def text_mask(text: str, height: int) -> MatLike:
    """The coverage (h, w), 0..255, of one line of text whose capitals are `height` pixels high."""
    large = height * _OVERSIZE
    scale = cv2.getFontScaleFromHeight(_FONT, large, 1)
    thickness = max(1, round(large / 7))
    (width, tall), descent = cv2.getTextSize(text, _FONT, scale, thickness)
    margin = 2 * _OVERSIZE
    canvas = np.zeros((tall + descent + margin, width + margin), np.uint8)
    origin = (margin // 2, tall + margin // 2)
    cv2.putText(canvas, text, origin, _FONT, scale, 255, thickness, cv2.LINE_AA)
    size = (canvas.shape[1] // _OVERSIZE, canvas.shape[0] // _OVERSIZE)
    return cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)


def text_width(text: str, height: int) -> int:
    """Pixels that a line of text takes."""
    return int(text_mask(text, height).shape[1])


def draw_text(image: MatLike, text: str, left: int, top: int, height: int, colour: Colour) -> None:
    """Writes one line of text; what lies outside the picture is cut off."""
    _lay(image, colour, text_mask(text, height), left, top)


def fill_rounded(
    image: MatLike, left: int, top: int, width: int, height: int, colour: Colour, opacity: float
) -> None:
    """Fills a rectangle with round corners."""
    _lay(image, colour, _rounded_mask(width, height, round(255 * opacity)), left, top)


def fill_polygon(image: MatLike, points: MatLike, colour: Colour, opacity: float) -> None:
    """Fills a polygon of pixel coordinates (n, 2)."""
    left, top, width, height = cv2.boundingRect(points)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points - (left, top)], round(255 * opacity), cv2.LINE_AA)
    _lay(image, colour, mask, left, top)


def draw_pill(
    image: MatLike,
    text: str,
    left: int,
    top: int,
    height: int,
    *,
    colour: Colour,
    background: Colour,
) -> None:
    """Writes text on a rounded plate, moved as far as needed to lie inside the picture."""
    width, tall = pill_size(text, height)
    left = max(0, min(left, image.shape[1] - width))
    top = max(0, min(top, image.shape[0] - tall))
    fill_rounded(image, left, top, width, tall, background, 0.82)
    draw_text(
        image,
        text,
        left + height // 2,
        top + (tall - text_mask(text, height).shape[0]) // 2,
        height,
        colour,
    )


def pill_size(text: str, height: int) -> tuple[int, int]:
    """Width and height in pixels of a plate with text on it."""
    return text_width(text, height) + 2 * (height // 2), 2 * height


@lru_cache(maxsize=256)
def _rounded_mask(width: int, height: int, value: int) -> MatLike:
    large = np.zeros((height * _OVERSIZE, width * _OVERSIZE), np.uint8)
    radius = min(4, height // 3) * _OVERSIZE
    right, bottom = large.shape[1] - 1, large.shape[0] - 1
    for x in (radius, right - radius):
        for y in (radius, bottom - radius):
            cv2.circle(large, (x, y), radius, value, cv2.FILLED)
    cv2.rectangle(large, (radius, 0), (right - radius, bottom), value, cv2.FILLED)
    cv2.rectangle(large, (0, radius), (right, bottom - radius), value, cv2.FILLED)
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)


def _lay(image: MatLike, colour: Colour, mask: MatLike, left: int, top: int) -> None:
    """Blends a colour over the picture where and as much as the mask covers."""
    height, width = image.shape[:2]
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(width, left + mask.shape[1]), min(height, top + mask.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    window = image[y0:y1, x0:x1]
    alpha = cv2.merge([mask[y0 - top : y1 - top, x0 - left : x1 - left]] * 3)
    plate = np.full(window.shape, colour, np.uint8)
    window[:] = cv2.add(
        cv2.multiply(window, 255 - alpha, scale=1 / 255), cv2.multiply(plate, alpha, scale=1 / 255)
    )
