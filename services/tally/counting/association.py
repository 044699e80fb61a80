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
    wider = 2 * margins
    (left, right), (top, bottom) = _spans(tracked[..., None])
    (measured_left, measured_right), (measured_top, measured_bottom) = _spans(measured)
    across = np.minimum(right, measured_right) - np.maximum(left, measured_left) + wider[:, :1]
    down = np.minimum(bottom, measured_bottom) - np.maximum(top, measured_top) + wider[:, 1:]
    # In a crowd few pairs meet at all.
    i, j = ((across > 0) & (down > 0)).nonzero()
    shared = across[i, j] * down[i, j]
    tracked_size, measured_size = tracked[i, 2:] + wider[i], measured[j, 2:] + wider[i]
    areas = tracked_size[:, 0] * tracked_size[:, 1] + measured_size[:, 0] * measured_size[:, 1]
    result = np.zeros(across.shape)
    result[i, j] = shared / (areas - shared)
    return result


def _spans(
    boxes: FloatArray,
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Returns left and right, top and bottom of boxes."""
    centre, top, width, height = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    half = width / 2
    return (centre - half, centre + half), (top, top + height)


def assign(likeness: FloatArray, least: float) -> tuple[IndexArray, IndexArray]:
    """Pairs rows with columns for the greatest total likeness; each is used at most once.

    Pairs whose likeness is below `least` are never made. A row and a column that have only each other are
    a pair without further ado: only the rest, few even in a crowd, need the assignment problem solved.

    Returns:
        Rows and columns of the pairs.
    """
    possible = likeness >= least
    rows, columns = possible.nonzero()
    clear = (possible.sum(axis=1)[rows] == 1) & (possible.sum(axis=0)[columns] == 1)
    if clear.all():
        return rows, columns
    of_rows, of_columns = np.unique(rows[~clear]), np.unique(columns[~clear])
    rest = np.ix_(of_rows, of_columns)
    i, j = linear_sum_assignment(np.where(possible[rest], likeness[rest], 0.0), maximize=True)
    made = possible[rest][i, j]
    return (
        np.concatenate([rows[clear], of_rows[i[made]]]),
        np.concatenate([columns[clear], of_columns[j[made]]]),
    )
