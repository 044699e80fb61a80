"""On which side of a polyline a point is, how far away, and where a step passes it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tally.counting.association import IndexArray
from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray
from tally.counting.geometry import Point

NOWHERE = -1.0


class Polylines(NamedTuple):
    """Some polylines in pixels, their segments behind one another.

    Attributes:
        first: (lines + 1,) index of each line's first segment; the next line's is where it ends.
        start: (segments, 2) where each segment starts.
        way: (segments, 2) unit vector along each.
        length: (segments,) of each.
    """

    first: IndexArray
    start: FloatArray
    way: FloatArray
    length: FloatArray


def polylines(lines: Sequence[Sequence[Point]], frame_size: tuple[int, int]) -> Polylines:
    """Returns lines whose points are relative to the frame in pixels."""
    scale = np.array(frame_size, np.float64)
    points = [np.array(line, np.float64) * scale for line in lines]
    first = np.concatenate([[0], np.cumsum([len(each) - 1 for each in points])]).astype(np.intp)
    start = np.concatenate([np.empty((0, 2)), *(each[:-1] for each in points)])
    way = np.concatenate([np.empty((0, 2)), *(np.diff(each, axis=0) for each in points)])
    length = np.hypot(way[:, 0], way[:, 1])
    return Polylines(first, start, way / length[:, None], length)


@compiled
def signed_distance(lines: Polylines, line: int, x: float, y: float) -> float:
    """Returns how far a point is from a line, negative on the side where `out` leads.

    The first and the last segment are thought on for ever. Where a corner is nearest, the side is that of the sum of
    the normals of its two segments (the pseudonormal of Bærentzen & Aanæs 2005).
    """
    begin, end = lines.first[line], lines.first[line + 1]
    start, way, length = lines.start, lines.way, lines.length
    nearest = signed = np.inf
    for k in range(begin, end):
        from_x, from_y = x - start[k, 0], y - start[k, 1]
        along = from_x * way[k, 0] + from_y * way[k, 1]
        if along < 0 and k > begin:
            continue
        if along > length[k] and k < end - 1:
            from_x, from_y = x - start[k + 1, 0], y - start[k + 1, 1]
            distance = np.hypot(from_x, from_y)
            across = (way[k, 0] + way[k + 1, 0]) * from_y - (way[k, 1] + way[k + 1, 1]) * from_x
            across = np.copysign(distance, across)
        else:
            across = way[k, 0] * from_y - way[k, 1] * from_x
            distance = abs(across)
        if distance < nearest:
            nearest, signed = distance, across
    return signed


@compiled
def passage(
    lines: Polylines, line: int, from_x: float, from_y: float, came: int, x: float, y: float
) -> float:
    """Returns which share of a step to (x, y) is done when it passes a line between its ends, or `NOWHERE`.

    A step over a corner passes one of its two segments, never both and never neither. A step that passes the line
    several times, and ends on the other side, passes where it does for the last time.

    Args:
        lines: The lines.
        line: Which of them.
        from_x: Where the step begins.
        from_y: Where the step begins.
        came: From which side it comes, −1 or 1, also if it begins exactly on the line.
        x: Where it ends, on the other side.
        y: Where it ends, on the other side.
    """
    begin, end = lines.first[line], lines.first[line + 1]
    start, way, length = lines.start, lines.way, lines.length
    step_x, step_y = x - from_x, y - from_y
    latest = NOWHERE
    net = 0
    # On which side of the step the line's points lie tells whether the step's straight passes between them.
    before = _across(step_x, step_y, start[begin, 0] - from_x, start[begin, 1] - from_y)
    for k in range(begin, end):
        if k < end - 1:
            corner_x, corner_y = start[k + 1, 0], start[k + 1, 1]
        else:
            corner_x = start[k, 0] + way[k, 0] * length[k]
            corner_y = start[k, 1] + way[k, 1] * length[k]
        after = _across(step_x, step_y, corner_x - from_x, corner_y - from_y)
        left, right = before >= 0, after >= 0
        # The ends belong to the line, whichever way it is drawn.
        if k == begin and before == 0:
            left = not right
        if k == end - 1 and after == 0:
            right = not left
        if left != right:
            was = _across(way[k, 0], way[k, 1], from_x - start[k, 0], from_y - start[k, 1])
            now = _across(way[k, 0], way[k, 1], x - start[k, 0], y - start[k, 1])
            came_from = -1 if was < 0 or (was == 0 and came < 0) else 1
            side = -1 if now < 0 else 1
            if side != came_from:
                net += side
                latest = max(latest, was / (was - now))
        before = after
    # `came` is the side before: of a net passage the sum has the other sign.
    return latest if net * came < 0 else NOWHERE


@compiled
def _across(way_x: float, way_y: float, x: float, y: float) -> float:
    return way_x * y - way_y * x
