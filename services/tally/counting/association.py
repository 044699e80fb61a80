"""Which detection belongs to which track: overlap of boxes, and the assignment that gives the most of it."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tally.counting.detections import FloatArray

IndexArray = NDArray[np.intp]


def overlap(tracked: FloatArray, margins: FloatArray, measured: FloatArray) -> FloatArray:
    """Returns the intersection over union of boxes that are widened by what is uncertain.

    Both boxes of a pair are widened by the track's margin on every side (buffered IoU, Yang et al. 2023),
    and the margin is the standard deviation of the predicted position rather than a constant: a track
    that is new, fast or long unseen is searched for farther away, at any frame rate.

    Args:
        tracked: (n, 4) boxes: centre x, top, width, height.
        margins: (n, 2) how far the boxes may be off in x and in y.
        measured: (m, 4) boxes.

    Returns:
        (n, m) numbers from 0 to 1.
    """
    tracked_half = tracked[:, None, 2:] / 2 + margins[:, None, :]
    measured_half = measured[None, :, 2:] / 2 + margins[:, None, :]
    distance = np.abs(_centres(tracked)[:, None] - _centres(measured)[None])
    common = np.minimum(tracked_half, measured_half) * 2
    common = np.clip(np.minimum(common, tracked_half + measured_half - distance), 0, None)
    shared = common[..., 0] * common[..., 1]
    areas = 4 * (tracked_half.prod(axis=2) + measured_half.prod(axis=2))
    result: FloatArray = shared / (areas - shared)
    return result


def _centres(boxes: FloatArray) -> FloatArray:
    return np.column_stack([boxes[:, 0], boxes[:, 1] + boxes[:, 3] / 2])


def assign(likeness: FloatArray, least: FloatArray | float) -> tuple[IndexArray, IndexArray]:
    """Pairs rows with columns for the greatest total likeness; each is used at most once.

    Pairs whose likeness is below `least` are never made.

    Returns:
        Rows and columns of the pairs, ordered by row.
    """
    possible = likeness >= least
    if not possible.any():
        empty = np.empty(0, np.intp)
        return empty, empty
    rows, columns = linear_sum_assignment(np.where(possible, likeness, 0.0), maximize=True)
    made = possible[rows, columns]
    return rows[made], columns[made]
