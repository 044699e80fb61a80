"""What of a picture may be shown. Whatever shows pictures of a camera's has them from here."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.worker.agent.sources import Image

WHOLE = (0.0, 0.0, 1.0, 1.0)
NOBODY = np.empty((0, 4), np.float32)
MARGIN = 0.15
"""How much is added on each side of a box, as a share of its size: heads and hands stick out."""
CELLS = 6
"""Cells of one colour that a box's longer side becomes. A blur could be undone; what was averaged is gone."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is not to be seen in a camera's pictures, whoever looks.

    Attributes:
        always_hides_people: Whether people are hidden from everybody.
        areas: Polygons that nobody sees; corners are relative to the frame, the last joins the first.
    """

    always_hides_people: bool = False
    areas: tuple[tuple[tuple[float, float], ...], ...] = ()


NOTHING_HIDDEN = Privacy()


def presentable(
    image: Image,
    privacy: Privacy,
    people: NDArray[np.float32] = NOBODY,
    *,
    part: tuple[float, float, float, float] = WHOLE,
) -> Image:
    """The picture as it may be shown: areas are black, and people in coarse cells.

    Args:
        image: (height, width, 3) BGR, at any scale; left as it is.
        privacy: Of the camera.
        people: float32 (n, 4): who is hidden, as boxes of left, top, right, bottom, relative to the image. Everybody,
            if the camera always hides people.
        part: Which part of the frame the image is: left, top, right, bottom, relative to the frame.
    """
    if not privacy.areas:
        return _without_people(image, people)
    height, width = image.shape[:2]
    left, top, right, bottom = part
    scale = np.array([width / (right - left), height / (bottom - top)])
    areas = [
        # Down to whole pixels: those of a polygon's border are filled too, so that none is left half seen.
        np.floor((np.array(area) - (left, top)) * scale).astype(np.int32)
        for area in privacy.areas
    ]
    # Before people are hidden, so that no cell has a colour from an area; and after, as cells may reach into one.
    return _blackened(_without_people(_blackened(image, areas), people), areas)


def _without_people(image: Image, boxes: NDArray[np.float32]) -> Image:
    """The picture, (height, width, 3) BGR, with each box, and a margin around it, in coarse cells."""
    canvas = image.copy()
    height, width = image.shape[:2]
    for left, top, right, bottom in boxes.tolist():
        wider, taller = (right - left) * MARGIN, (bottom - top) * MARGIN
        x0, x1 = _within(left - wider, width), _within(right + wider, width, up=True)
        y0, y1 = _within(top - taller, height), _within(bottom + taller, height, up=True)
        if x0 >= x1 or y0 >= y1:
            continue
        cell = max(x1 - x0, y1 - y0) / CELLS
        size = max(1, round((x1 - x0) / cell)), max(1, round((y1 - y0) / cell))
        coarse = cv2.resize(image[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
        canvas[y0:y1, x0:x1] = cv2.resize(
            coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST
        )
    return canvas


def _blackened(image: Image, areas: list[NDArray[np.int32]]) -> Image:
    canvas = image.copy()
    for area in areas:
        cv2.fillPoly(canvas, [area], (0, 0, 0))
    return canvas


def _within(place: float, pixels: int, *, up: bool = False) -> int:
    whole = np.ceil(place * pixels) if up else np.floor(place * pixels)
    return int(np.clip(whole, 0, pixels))
