"""Where on the floor things in the picture are, in metres: a homography through four known places."""

from dataclasses import dataclass
from itertools import combinations
from math import isfinite

import numpy as np

from tally.counting.detections import FloatArray
from tally.counting.geometry import Point

PLACES = 4
"""That are known: as many as fix a homography."""

_SMALLEST_TURN = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """Four places that were measured on the floor.

    Attributes:
        picture: Where they are in the picture, relative to its size (x right, y down).
        floor: Where they are on the floor, in metres, as on a plan seen from above (x right, y up), in the
            same order.

    Raises:
        ValueError: There are not four of each, a coordinate is not finite, three places lie in one line, the
            plan is mirrored, or no camera sees the four as they are told.
    """

    picture: tuple[Point, ...]
    floor: tuple[Point, ...]

    def __post_init__(self) -> None:
        if not len(self.picture) == len(self.floor) == PLACES:
            raise ValueError(f"a calibration needs {PLACES} places in the picture and on the floor")
        if not all(isfinite(value) for point in (*self.picture, *self.floor) for value in point):
            raise ValueError("a calibration's coordinates must be finite numbers")
        triples = list(combinations(range(PLACES), 3))
        seen = [_turn(*(self.picture[i] for i in triple)) for triple in triples]
        real = [_turn(*(self.floor[i] for i in triple)) for triple in triples]
        if min(map(abs, (*seen, *real))) < _SMALLEST_TURN:
            raise ValueError(
                "three of a calibration's places lie in one line: take the corners of a rectangle"
            )
        # Downwards in the picture is backwards on the plan, so that what turns right there turns left here.
        alike = [a * b > 0 for a, b in zip(seen, real, strict=True)]
        if all(alike):
            raise ValueError("the calibration's plan is mirrored: on it, x goes right and y away")
        if any(alike):
            raise ValueError(
                "no camera sees a calibration's places like that: are two of them swapped?"
            )

    def homography(self, frame_size: tuple[int, int]) -> FloatArray:
        """Returns the (3, 3) matrix that takes (x, y, 1) in pixels to (x·w, y·w, w) with x, y in metres.

        w is positive below the horizon. Both planes are expressed in the projective basis of the four
        places (Hartley & Zisserman 2004, section 2.3), which is exact, where a least-squares solution would
        depend on the machine's linear algebra.

        Args:
            frame_size: Width and height of the picture in pixels.
        """
        width, height = frame_size
        pixels = _basis(tuple((x * width, y * height) for x, y in self.picture))
        matrix = _product(_basis(self.floor), _adjugate(pixels))
        depth = matrix[2] * (self.picture[0][0] * width, self.picture[0][1] * height, 1.0)
        matrix /= depth.sum()
        return matrix


def _turn(a: Point, b: Point, c: Point) -> float:
    """Returns twice the signed area of the triangle."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _basis(points: tuple[Point, ...]) -> FloatArray:
    """Returns the (3, 3) matrix that takes the unit points to the first three places, and (1, 1, 1) to the fourth."""
    corners = np.array([(x, y, 1.0) for x, y in points[:3]]).T
    shares = (_adjugate(corners) * (*points[3], 1.0)).sum(axis=1)
    basis: FloatArray = corners * shares
    return basis


def _adjugate(matrix: FloatArray) -> FloatArray:
    a, b, c = matrix.T
    return np.array([np.cross(b, c), np.cross(c, a), np.cross(a, b)])


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    product: FloatArray = (a[:, :, None] * b[None]).sum(axis=1)
    return product
