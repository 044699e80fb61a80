"""Whether a new track is a lost one found again."""

from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tally.counting.detections import FloatArray

# 99 % of true continuations lie within this distance (chi-square with five degrees of freedom).
LEAST_CONTINUITY = exp(-15.09 / 2)


def continuity(lost: NDArray[Any], new: NDArray[Any]) -> FloatArray:
    """Returns how well new tracks continue lost ones (track-to-track association).

    Both are compared where the motion model believes them to be now: position and velocity on both axes, and
    height, by the Mahalanobis distance under the sum of their covariances (Bar-Shalom, Li & Kirubarajan 2001,
    section 8.4). A single detection cannot tell how it moves; a track of some observations can.

    Args:
        lost: (n,) rows of tracks that are out of sight.
        new: (m,) rows of tracks that have just been believed.

    Returns:
        (n, m) numbers from 0 to 1; 0 if the new track began before the lost one was last seen.
    """

    def difference(name: str) -> FloatArray:
        result: FloatArray = new[name][None] - lost[name][:, None]
        return result

    def total(name: str) -> FloatArray:
        result: FloatArray = new[name][None] + lost[name][:, None]
        return result

    position, velocity = difference("position"), difference("velocity")
    position_variance, velocity_variance = total("position_variance"), total("velocity_variance")
    covariance = total("covariance")
    plane, height = np.s_[..., :2], np.s_[..., 3]
    determinant = position_variance * velocity_variance - covariance**2
    squared = (
        velocity_variance * position**2
        - 2 * covariance * position * velocity
        + position_variance * velocity**2
    )[plane] / determinant[plane]
    distance = squared.sum(axis=-1) + position[height] ** 2 / position_variance[height]
    follows = new["history_s"][None, :, 0] > lost["seen_s"][:, None]
    result: FloatArray = np.where(follows, np.exp(-distance / 2), 0.0)
    return result
