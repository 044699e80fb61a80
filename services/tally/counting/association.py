"""Which detection belongs to which track: overlap of boxes, and the assignment that gives the most of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tally.counting.compiled import compiled
from tally.counting.detections import FloatArray

IndexArray = NDArray[np.intp]
Mask = NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of a track and a detection that may belong together.

    Attributes:
        rows: (k,) tracks, ascending.
        columns: (k,) detections.
        likeness: (k,) how much their boxes overlap, 0 to 1.
    """

    rows: IndexArray
    columns: IndexArray
    likeness: FloatArray


def overlapping(
    tracked: FloatArray, margins: FloatArray, measured: FloatArray, least: float
) -> Candidates:
    """Finds the pairs whose intersection over union, widened by what is uncertain, is `least` or more.

    Both boxes of a pair are widened by the track's margin on every side (buffered IoU, Yang et al. 2023),
    and the margin is the standard deviation of the predicted position rather than a constant: a track
    that is new, fast or long unseen is searched for farther away, at any frame rate.

    Args:
        tracked: (n, 4) boxes: centre x, top, width, height.
        margins: (n, 2) how far the boxes may be off in x and in y.
        measured: (m, 4) boxes.
        least: More than 0.
    """
    return Candidates(*_overlapping(tracked, margins, measured, least))


@compiled
def _overlapping(
    tracked: FloatArray, margins: FloatArray, measured: FloatArray, least: float
) -> tuple[IndexArray, IndexArray, FloatArray]:
    most = len(tracked) * len(measured)
    rows, columns = np.empty(most, np.intp), np.empty(most, np.intp)
    likeness = np.empty(most)
    found = 0
    for i in range(len(tracked)):
        centre, top, width, height = tracked[i]
        wider, higher = 2 * margins[i, 0], 2 * margins[i, 1]
        left, right, bottom = centre - width / 2, centre + width / 2, top + height
        area = (width + wider) * (height + higher)
        for j in range(len(measured)):
            half = measured[j, 2] / 2
            across = min(right, measured[j, 0] + half) - max(left, measured[j, 0] - half) + wider
            if across <= 0:
                continue
            down = min(bottom, measured[j, 1] + measured[j, 3]) - max(top, measured[j, 1]) + higher
            if down <= 0:
                continue
            shared = across * down
            both = area + (measured[j, 2] + wider) * (measured[j, 3] + higher)
            overlap = shared / (both - shared)
            if overlap >= least:
                rows[found], columns[found], likeness[found] = i, j, overlap
                found += 1
    return rows[:found], columns[:found], likeness[:found]


class Assignment:
    """Pairs tracks with detections, each at most once, stage after stage.

    Attributes:
        partner: (n,) the detection of each track, or `NOBODY`.
        taken: (m,) whether each detection belongs to a track.
    """

    def __init__(self, tracks: int, detections: int) -> None:
        self.partner: IndexArray = np.full(tracks, NOBODY, np.intp)
        self.taken: Mask = np.zeros(detections, np.bool_)

    def add(self, candidates: Candidates, tracks: Mask, detections: Mask, least: float) -> None:
        """Makes the pairs with the greatest total likeness among those that are still free.

        A track and a detection that have only each other are a pair without further ado: only the rest,
        few even in a crowd, need the assignment problem solved.

        Args:
            candidates: What may belong together.
            tracks: (n,) the tracks that take part.
            detections: (m,) the detections that take part.
            least: Pairs with less likeness are not made.
        """
        rows, columns, likeness = _pair(
            candidates.rows,
            candidates.columns,
            candidates.likeness,
            self.partner,
            self.taken,
            tracks,
            detections,
            least,
        )
        if len(rows):
            self._solve(rows, columns, likeness)

    def _solve(self, rows: IndexArray, columns: IndexArray, likeness: FloatArray) -> None:
        of_rows, i = np.unique(rows, return_inverse=True)
        of_columns, j = np.unique(columns, return_inverse=True)
        gain = np.zeros((len(of_rows), len(of_columns)))
        gain[i, j] = likeness
        i, j = linear_sum_assignment(gain, maximize=True)
        made = gain[i, j] > 0
        self.partner[of_rows[i[made]]] = of_columns[j[made]]
        self.taken[of_columns[j[made]]] = True


@compiled
def _pair(
    rows: IndexArray,
    columns: IndexArray,
    likeness: FloatArray,
    partner: IndexArray,
    taken: Mask,
    tracks: Mask,
    detections: Mask,
    least: float,
) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Makes the pairs that have only each other; returns the candidates that are left."""
    of_row, of_column = np.zeros(len(partner), np.intp), np.zeros(len(taken), np.intp)
    possible = np.empty(len(rows), np.intp)
    count = 0
    for k in range(len(rows)):
        i, j = rows[k], columns[k]
        if (
            tracks[i]
            and detections[j]
            and partner[i] == NOBODY
            and not taken[j]
            and likeness[k] >= least
        ):
            possible[count] = k
            count += 1
            of_row[i] += 1
            of_column[j] += 1
    contested = 0
    for k in possible[:count]:
        i, j = rows[k], columns[k]
        if of_row[i] == 1 and of_column[j] == 1:
            partner[i] = j
            taken[j] = True
        else:
            possible[contested] = k
            contested += 1
    rest = possible[:contested]
    return rows[rest], columns[rest], likeness[rest]


def assign(likeness: FloatArray, least: float) -> tuple[IndexArray, IndexArray]:
    """Pairs rows with columns of a matrix for the greatest total likeness; each is used at most once.

    Returns:
        Rows and columns of the pairs, none of which has a likeness below `least`.
    """
    possible: NDArray[Any] = np.where(likeness >= least, likeness, 0.0)
    i, j = linear_sum_assignment(possible, maximize=True)
    made = possible[i, j] > 0
    return i[made], j[made]
