"""The motion model: a Kalman filter for every box coordinate of every track at once.

SORT (Bewley et al. 2016) and ByteTrack (Zhang et al. 2022) filter a box with one 8×8 covariance whose blocks
never mix coordinates: their noise is diagonal and the same rule moves each coordinate. It is therefore the
same as one filter of position and velocity per coordinate, which needs no matrix algebra and updates all
tracks with a few array operations. Noise is white in the acceleration and integrated over the true time
step (Bar-Shalom, Li & Kirubarajan 2001, section 6.2.2), so that dropped frames and low frame rates are normal.
Width and height drift but have no velocity: a box that shrinks while it is being hidden must not go on
shrinking when it is not seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.config import MotionConfig
from tally.counting.detections import FloatArray

# Of each track, for centre x, top, width and height; pixels and seconds.
MOTION_FIELDS: list[tuple[str, type, tuple[int, ...]]] = [
    ("position", np.float64, (4,)),
    ("velocity", np.float64, (4,)),
    ("position_variance", np.float64, (4,)),
    ("covariance", np.float64, (4,)),
    ("velocity_variance", np.float64, (4,)),
]

_HEIGHT = 3


class MotionModel:
    """Predicts and corrects rows of a structured array that has `MOTION_FIELDS`."""

    def __init__(self, config: MotionConfig) -> None:
        self._measurement = np.array([config.position_noise] * 2 + [config.size_noise] * 2) ** 2
        self._acceleration = np.array([1.0, 1.0, 0.0, 0.0]) * config.acceleration**2
        self._initial_speed = np.array([1.0, 1.0, 0.0, 0.0]) * config.initial_speed**2
        self._drift = np.array([0.0, 0.0, 1.0, 1.0]) * config.size_drift**2

    def start(self, tracks: NDArray[Any], measured: FloatArray) -> None:
        """Sets the state of new tracks from their first boxes (n, 4)."""
        squared_height = measured[:, _HEIGHT:] ** 2
        tracks["position"] = measured
        tracks["velocity"] = 0.0
        tracks["position_variance"] = self._measurement * squared_height
        tracks["covariance"] = 0.0
        tracks["velocity_variance"] = self._initial_speed * squared_height

    def predict(self, tracks: NDArray[Any], step_s: float) -> None:
        """Moves all tracks on by `step_s` seconds, in place."""
        squared_height = tracks["position"][:, _HEIGHT:] ** 2
        acceleration = self._acceleration * squared_height
        velocity_variance = tracks["velocity_variance"]
        tracks["position"] += tracks["velocity"] * step_s
        tracks["position_variance"] += (
            step_s * (2 * tracks["covariance"] + step_s * velocity_variance)
            + acceleration * (step_s**3 / 3)
            + self._drift * squared_height * step_s
        )
        tracks["covariance"] += step_s * velocity_variance + acceleration * (step_s**2 / 2)
        tracks["velocity_variance"] += acceleration * step_s

    def correct(self, tracks: NDArray[Any], measured: FloatArray) -> None:
        """Takes in the boxes (n, 4) that were measured of all tracks, in place."""
        noise = self._measurement * measured[:, _HEIGHT:] ** 2
        innovation = measured - tracks["position"]
        innovation_variance = tracks["position_variance"] + noise
        gain = tracks["position_variance"] / innovation_variance
        velocity_gain = tracks["covariance"] / innovation_variance
        tracks["position"] += gain * innovation
        tracks["velocity"] += velocity_gain * innovation
        tracks["velocity_variance"] -= velocity_gain * tracks["covariance"]
        tracks["covariance"] *= 1 - gain
        tracks["position_variance"] *= 1 - gain
