"""Draws what was counted onto the frames: boxes, trails, lines, zones and running totals."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from tally.counting import Direction, FrameResult, Line, Mask, Zone
from tally.worker.agent.overlay import IN, INK, OUT, PAPER, ZONE, Overlay
from tally.worker.agent.painting import (
    Colour,
    draw_pill,
    draw_text,
    fill_rounded,
    pill_size,
    text_width,
)
from tally.worker.agent.sources import Image

_MUTED: Final[Colour] = (190, 184, 178)
_TRACKS: Final[tuple[Colour, ...]] = (
    (80, 200, 255), (255, 180, 90), (150, 230, 130), (200, 140, 255), (120, 160, 255),
    (230, 220, 90), (140, 255, 220), (255, 150, 190), (100, 220, 180), (255, 200, 160),
)  # fmt: skip
_TRAIL_S = 2.0
_GLOW_S = 0.6


class Annotator:
    """Draws the results of one video, frame after frame, keeping totals and trails.

    Args:
        lines: The counting lines.
        zones: The zones.
        frame_size: Width and height of the frames in pixels.
        masks: Where nothing counts, drawn dark.
        title: Shown above the totals.
        totals: What crossed each line before the first frame that is drawn, by line and direction.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        zones: Sequence[Zone],
        frame_size: tuple[int, int],
        *,
        masks: Sequence[Mask] = (),
        title: str,
        totals: Mapping[tuple[str, Direction], int] | None = None,
    ) -> None:
        self._lines = lines
        self._zones = zones
        self._masks = masks
        self._overlay = Overlay(frame_size)
        self._title = title
        self._totals = {(line.name, way): 0 for line in lines for way in Direction} | dict(
            totals or {}
        )
        self._crossed: dict[str, tuple[float, Direction]] = {}
        self._trails: dict[int, deque[tuple[float, NDArray[np.int32]]]] = {}

    def draw(self, image: Image, result: FrameResult, time_s: float) -> Image:
        """Returns the frame with everything drawn on it.

        Args:
            image: The frame, left as it is.
            result: What the engine said of it.
            time_s: The frame's time since the stream's start.
        """
        for crossing in result.crossings:
            self._totals[crossing.line, crossing.direction] += 1
            self._crossed[crossing.line] = (time_s, crossing.direction)
        canvas = image.copy()
        for mask in self._masks:
            self._overlay.draw_mask(canvas, mask)
        for zone in self._zones:
            inside = result.occupancy.get(zone.name, 0)
            label = f"{zone.name}  {inside}"
            self._overlay.draw_zone(canvas, zone, label, 0.2 if inside else 0.1)
        self._draw_trails(canvas, result, time_s)
        for line in self._lines:
            self._draw_line(canvas, line, time_s)
        self._draw_boxes(canvas, result)
        self._draw_panel(canvas, result)
        return canvas

    def _draw_trails(self, canvas: MatLike, result: FrameResult, time_s: float) -> None:
        boxes = result.tracks.boxes
        feet = self._overlay.pixels(
            np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=-1)
        )
        for track, foot in zip(result.tracks.ids.tolist(), feet, strict=True):
            self._trails.setdefault(track, deque()).append((time_s, foot))
        for track, trail in list(self._trails.items()):
            while trail and trail[0][0] < time_s - _TRAIL_S:
                trail.popleft()
            if not trail:
                del self._trails[track]
                continue
            points = _smooth(np.array([foot for _, foot in trail]))
            # The older half thinner: a direction without an arrow.
            half = len(points) // 2
            for part, thickness in ((points[: half + 1], 1), (points[half:], 2)):
                cv2.polylines(
                    canvas,
                    [part],
                    False,
                    _of_track(track),
                    thickness * self._overlay.stroke,
                    cv2.LINE_AA,
                )

    def _draw_line(self, canvas: MatLike, line: Line, time_s: float) -> None:
        crossed_at, direction = self._crossed.get(line.name, (-np.inf, Direction.IN))
        glowing = time_s - crossed_at < _GLOW_S
        colour = (IN if direction is Direction.IN else OUT) if glowing else PAPER
        labels = {way: self._figure(line, way) for way in Direction}
        self._overlay.draw_line(canvas, line, labels, colour)

    def _figure(self, line: Line, way: Direction) -> str:
        return f"{line.direction_name(way)} {self._totals[line.name, way]}"

    def _draw_boxes(self, canvas: MatLike, result: FrameResult) -> None:
        corners = self._overlay.pixels(result.tracks.boxes.reshape(-1, 2)).reshape(-1, 4)
        for track, (left, top, right, bottom) in zip(
            result.tracks.ids.tolist(), corners.tolist(), strict=True
        ):
            colour = _of_track(track)
            cv2.rectangle(
                canvas, (left, top), (right, bottom), colour, self._overlay.stroke, cv2.LINE_AA
            )
            text = max(6, round(self._overlay.text * 0.8))
            _, height = pill_size(str(track), text)
            draw_pill(canvas, str(track), left, top - height, text, colour=INK, background=colour)

    def _draw_panel(self, canvas: MatLike, result: FrameResult) -> None:
        """The title and the totals, one row for each line and zone, in the upper left corner."""
        text, gap = self._overlay.text, self._overlay.text
        rows = [
            (
                line.name,
                [
                    (self._figure(line, Direction.IN), IN),
                    (self._figure(line, Direction.OUT), OUT),
                ],
            )
            for line in self._lines
        ]
        rows += [
            (zone.name, [(f"inside {result.occupancy.get(zone.name, 0)}", ZONE)])
            for zone in self._zones
        ]
        names = max([text_width(name, text) for name, _ in rows], default=0)
        ways = [line.direction_name(way) for line in self._lines for way in Direction]
        column = max(text_width(f"{way} 0000", text) for way in ("inside", *ways)) + gap
        width = max(text_width(self._title, text), names + gap + 2 * column) + 2 * gap
        pitch = round(text * 2)
        fill_rounded(canvas, gap, gap, width, pitch * (len(rows) + 1) + gap, INK, 0.72)
        left, top = 2 * gap, gap + text // 2
        draw_text(canvas, self._title, left, top, text, PAPER)
        for name, figures in rows:
            top += pitch
            draw_text(canvas, name, left, top, text, _MUTED)
            for position, (figure, colour) in enumerate(figures):
                draw_text(canvas, figure, left + names + gap + position * column, top, text, colour)


def _smooth(points: NDArray[np.int32]) -> NDArray[np.int32]:
    """A moving average: feet lift and boxes tremble, and a trail should show the way alone."""
    span = min(7, len(points))
    kernel = np.full(span, 1 / span)
    smooth = np.stack([np.convolve(axis, kernel, mode="valid") for axis in points.T], axis=-1)
    whole: NDArray[np.int32] = np.round(smooth).astype(np.int32)
    return whole


def _of_track(track: int) -> Colour:
    return _TRACKS[track % len(_TRACKS)]
