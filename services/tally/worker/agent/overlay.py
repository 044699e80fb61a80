"""Draws lines, zones and masks onto frames."""

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from tally.counting import Direction, Line, Mask, Zone
from tally.worker.agent.painting import Colour, draw_pill, fill_polygon, pill_size
from tally.worker.agent.sources import Image

IN: Final[Colour] = (120, 205, 70)
OUT: Final[Colour] = (70, 130, 255)
ZONE: Final[Colour] = (215, 175, 60)
INK: Final[Colour] = (34, 26, 22)
PAPER: Final[Colour] = (250, 248, 246)


class Overlay:
    """Draws what is configured; what it says beside a shape is the caller's choice.

    Args:
        frame_size: Width and height of the frames in pixels.

    Attributes:
        text: Height of letters in pixels.
        stroke: Width of strokes in pixels.
    """

    def __init__(self, frame_size: tuple[int, int]) -> None:
        self._size = np.array(frame_size)
        self.text = max(7, round(min(frame_size) / 45))
        self.stroke = max(1, round(min(frame_size) / 300))

    def pixels(self, relative: object) -> NDArray[np.int32]:
        """Points relative to the frame as an array of whole pixels, shape (points, 2)."""
        points = np.asarray(relative, np.float64).reshape(-1, 2)
        pixels: NDArray[np.int32] = np.round(points * self._size).astype(np.int32)
        return pixels

    def draw_mask(self, canvas: MatLike, mask: Mask) -> None:
        """Darkens where nothing counts."""
        fill_polygon(canvas, self.pixels(mask.polygon), INK, 0.7)

    def draw_zone(self, canvas: MatLike, zone: Zone, label: str, opacity: float) -> None:
        """Tints a zone, and writes at its corner."""
        points = self.pixels(zone.polygon)
        fill_polygon(canvas, points, ZONE, opacity)
        cv2.polylines(canvas, [points], True, ZONE, self.stroke, cv2.LINE_AA)
        corner = points[np.argmin(points.sum(axis=1))]
        width, height = pill_size(label, self.text)
        draw_pill(
            canvas, label, int(corner[0]) - width // 2, int(corner[1]) - height // 2, self.text,
            colour=INK, background=ZONE,
        )  # fmt: skip

    def draw_line(
        self, canvas: MatLike, line: Line, labels: Mapping[Direction, str], colour: Colour = PAPER
    ) -> None:
        """Draws a line with an arrow to each side, and what is written at the arrows' heads."""
        points = self.pixels(line.points)
        stroke = self.stroke + 1
        cv2.polylines(canvas, [points], False, INK, stroke + 2, cv2.LINE_AA)
        cv2.polylines(canvas, [points], False, colour, stroke, cv2.LINE_AA)
        for point in points:
            cv2.circle(canvas, point.tolist(), stroke + 2, INK, cv2.FILLED, cv2.LINE_AA)
            cv2.circle(canvas, point.tolist(), stroke + 1, colour, cv2.FILLED, cv2.LINE_AA)
        middle, along = _middle(points)
        # The positive side, where `in` leads, in image coordinates (y down).
        inward = np.array([-along[1], along[0]])
        for way, side, tint in ((Direction.IN, inward, IN), (Direction.OUT, -inward, OUT)):
            self._draw_way(canvas, middle, side, labels[way], tint)

    def _draw_way(
        self, canvas: MatLike, middle: NDArray[np.float64], side: MatLike, label: str, tint: Colour
    ) -> None:
        """An arrow from the line's middle to one side, and its label at the arrow's head."""
        root, head = middle + side * self.stroke * 2, middle + side * self.text * 2.2
        for colour, thickness in ((INK, self.stroke + 3), (tint, self.stroke + 1)):
            cv2.arrowedLine(
                canvas, _whole(root), _whole(head), colour, thickness, cv2.LINE_AA, tipLength=0.45
            )
        width, height = pill_size(label, self.text)
        # Beyond the arrow by half the plate's extent in the arrow's direction.
        reach = abs(side[0]) * width / 2 + abs(side[1]) * height / 2 + self.text * 0.6
        left, top = _whole(head + side * reach - (width / 2, height / 2))
        draw_pill(canvas, label, left, top, self.text, colour=INK, background=tint)


def draw_shapes(
    image: Image, lines: Sequence[Line], zones: Sequence[Zone], masks: Sequence[Mask]
) -> Image:
    """Returns the frame with the names of lines' directions and of zones, and nothing of what was counted."""
    canvas = image.copy()
    overlay = Overlay((image.shape[1], image.shape[0]))
    for mask in masks:
        overlay.draw_mask(canvas, mask)
    for zone in zones:
        overlay.draw_zone(canvas, zone, zone.name, 0.1)
    for line in lines:
        labels = {way: f"{line.name}: {line.direction_name(way)}" for way in Direction}
        overlay.draw_line(canvas, line, labels)
    return canvas


def _middle(points: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The place half way along a line, and the unit vector along the segment that it is on."""
    ways = np.diff(points, axis=0).astype(np.float64)
    lengths = np.hypot(ways[:, 0], ways[:, 1])
    ends = np.cumsum(lengths)
    segment = int(np.searchsorted(ends, ends[-1] / 2))
    along = ways[segment] / max(1.0, lengths[segment])
    return points[segment + 1] - along * (ends[segment] - ends[-1] / 2), along


def _whole(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
