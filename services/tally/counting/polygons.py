"""Whether a point is inside a polygon, and how far from its border."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.geometry import Point


class Polygons(NamedTuple):
    """Some polygons in pixels, their sides behind one another.

    Attributes:
        first: (polygons + 1,) index of each polygon's first side; the next polygon's is where it ends.
        corner: (sides, 2) where each side starts.
        way: (sides, 2) from there to its end.
    """

    first: IndexArray
    corner: FloatArray
    way: FloatArray


def polygons(shapes: Sequence[Sequence[Point]], frame_size: tuple[int, int]) -> Polygons:
    """Returns polygons whose corners are relative to the frame in pixels."""
    scale = np.array(frame_size, np.float64)
    corners = [np.array(shape, np.float64) * scale for shape in shapes]
    first = np.concatenate([[0], np.cumsum([len(each) for each in corners])]).astype(np.intp)
    corner = np.concatenate([np.empty((0, 2)), *corners])
    way = np.concatenate(
        [np.empty((0, 2)), *(np.roll(each, -1, axis=0) - each for each in corners)]
    )
    return Polygons(first, corner, way)


@compiled
def locate(shapes: Polygons, polygon: int, x: float, y: float) -> tuple[bool, float]:
    """Returns whether a point is inside a polygon, and its distance from the border in pixels."""
    corner, way = shapes.corner, shapes.way
    inside, nearest = False, np.inf
    for k in range(shapes.first[polygon], shapes.first[polygon + 1]):
        from_x, from_y = x - corner[k, 0], y - corner[k, 1]
        way_x, way_y = way[k, 0], way[k, 1]
        # A ray to the right meets the sides that span the point's height and lie to its right.
        if (from_y >= 0) != (from_y >= way_y) and (from_x * way_y < from_y * way_x) == (way_y > 0):
            inside = not inside
        along = (from_x * way_x + from_y * way_y) / (way_x**2 + way_y**2)
        along = min(max(along, 0.0), 1.0)
        nearest = min(nearest, np.hypot(from_x - along * way_x, from_y - along * way_y))
    return inside, nearest
