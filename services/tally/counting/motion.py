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

from tally.counting.compiled import compiled
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

HEIGHT = 3


class MotionModel:
    """Starts and predicts rows of a structured array that has `MOTION_FIELDS`; `correct` corrects one.

    Attributes:
        measurement: (4,) variances of what is measured, in squared box heights.
    """

    def __init__(self, config: MotionConfig) -> None:
        self.measurement = np.array([config.position_noise] * 2 + [config.size_noise] * 2) ** 2
        self._acceleration = np.array([1.0, 1.0, 0.0, 0.0]) * config.acceleration**2
        self._initial_speed = np.array([1.0, 1.0, 0.0, 0.0]) * config.initial_speed**2
        self._drift = np.array([0.0, 0.0, 1.0, 1.0]) * config.size_drift**2

    def start(self, tracks: NDArray[Any], measured: FloatArray) -> None:
        """Sets the state of new tracks from their first boxes (n, 4)."""
        squared_height = measured[:, HEIGHT:] ** 2
        tracks["position"] = measured
        tracks["velocity"] = 0.0
        tracks["position_variance"] = self.measurement * squared_height
        tracks["covariance"] = 0.0
        tracks["velocity_variance"] = self._initial_speed * squared_height

    def predict(self, tracks: NDArray[Any], step_s: float) -> None:
        """Moves all tracks on by `step_s` seconds, in place."""
        _predict(tracks, step_s, self._acceleration, self._drift)


@compiled
def _predict(
    tracks: NDArray[Any], step_s: float, acceleration: FloatArray, drift: FloatArray
) -> None:
    for i in range(len(tracks)):
        track = tracks[i]
        squared_height = track.position[HEIGHT] ** 2
        for k in range(4):
            noise = acceleration[k] * squared_height
            track.position[k] += track.velocity[k] * step_s
            track.position_variance[k] += (
                step_s * (2 * track.covariance[k] + step_s * track.velocity_variance[k])
                + noise * (step_s**3 / 3)
                + drift[k] * squared_height * step_s
            )
            track.covariance[k] += step_s * track.velocity_variance[k] + noise * (step_s**2 / 2)
            track.velocity_variance[k] += noise * step_s


@compiled
def correct(track: Any, measured: FloatArray, measurement: FloatArray) -> None:
    """Takes in the box (4,) that was measured of one track, in place.

    Args:
        track: A row with `MOTION_FIELDS`.
        measured: Where it was seen.
        measurement: `MotionModel.measurement`.
    """
    squared_height = measured[HEIGHT] ** 2
    for k in range(4):
        innovation = measured[k] - track.position[k]
        variance = track.position_variance[k] + measurement[k] * squared_height
        gain = track.position_variance[k] / variance
        velocity_gain = track.covariance[k] / variance
        track.position[k] += gain * innovation
        track.velocity[k] += velocity_gain * innovation
        track.velocity_variance[k] -= velocity_gain * track.covariance[k]
        track.covariance[k] *= 1 - gain
        track.position_variance[k] *= 1 - gain
