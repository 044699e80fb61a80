"""The demo's pinhole camera: world metres to relative picture coordinates.

World axes: x to the right along the picture, y away from the camera over the ground, z up; the
camera stands at (0, 0, HEIGHT_M) and looks along y, tilted down.
"""

from functools import cached_property
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

HEIGHT_M = 7.0
_TILT = radians(22)
_FOCAL_LENGTH = 0.9  # in picture widths: 58 degrees across


class PinholeCamera:
    """A fixed camera without lens distortion.

    Args:
        aspect: Width of the picture over its height.
    """

    def __init__(self, aspect: float) -> None:
        self.aspect = aspect

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The 3×4 projection: homogeneous world (x, y, z, 1) to (u·w, v·w, w), w the depth in m.

        u and v are relative picture coordinates, 0..1 from the top left corner.
        """
        # Rows: right, down and forward as seen from the camera.
        view = np.array(
            [
                [1.0, 0.0, 0.0, 0.0],
                [0.0, -sin(_TILT), -cos(_TILT), HEIGHT_M * cos(_TILT)],
                [0.0, cos(_TILT), -sin(_TILT), HEIGHT_M * sin(_TILT)],
            ]
        )
        lens = np.array(
            [[_FOCAL_LENGTH, 0, 0.5], [0, _FOCAL_LENGTH * self.aspect, 0.5], [0.0, 0.0, 1.0]]
        )
        matrix: NDArray[np.float64] = lens @ view
        return matrix

    def project(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Projects world points.

        Args:
            points: (..., 3) in metres, in front of the camera.

        Returns:
            Relative picture coordinates (..., 2), and depths (...) in metres.
        """
        homogeneous = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        depth = homogeneous[..., 2]
        return homogeneous[..., :2] / depth[..., None], depth

    def half_width_at(self, y: float) -> float:
        """Metres of ground that the picture shows to each side of its middle, at a distance."""
        return 0.5 / _FOCAL_LENGTH * (y * cos(_TILT) + HEIGHT_M * sin(_TILT))

    @cached_property
    def nearest_y(self) -> float:
        """Distance in metres of the ground at the picture's lower edge."""
        slope = 0.5 / (_FOCAL_LENGTH * self.aspect)
        return HEIGHT_M * (cos(_TILT) - slope * sin(_TILT)) / (sin(_TILT) + slope * cos(_TILT))
