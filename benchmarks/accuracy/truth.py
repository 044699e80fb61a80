"""The truth of the real recording (PETS 2009 S2.L1 view 1): who crossed which line, by annotated people.

People annotated the boxes of every person in 768×576 pixels. The files hold every tenth frame and each person's
first and last box; between those a person is taken to walk straight on.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tally.counting import Direction, Line

VIDEO = "pets09-s2l1.mp4"
FRAMES_PER_SECOND = 10.0
FRAME_SIZE = (480, 360)

_ANNOTATED_SIZE = (768.0, 576.0)
_ANNOTATIONS = ("pets09-s2l1-gt-10.csv", "pets09-s2l1-gt-ends.csv")


@dataclass(frozen=True, slots=True)
class Walk:
    """The way of one person through the picture.

    Attributes:
        person: The annotators' number.
        frames: (n,) every frame from the first to the last, from 0.
        boxes: (n, 4) left, top, right, bottom, relative to the picture.
    """

    person: int
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]

    @property
    def feet(self) -> NDArray[np.float64]:
        """(n, 2) bottom centre of each box."""
        return np.stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]], axis=1)


def load_walks(folder: Path) -> list[Walk]:
    """Reads the annotations in `folder`."""
    boxes: dict[int, dict[int, tuple[float, ...]]] = defaultdict(dict)
    for name in _ANNOTATIONS:
        with (folder / name).open(newline="") as file:
            for row in csv.reader(file):
                frame, person = int(row[0]) - 1, int(row[1])
                left, top, width, height = map(float, row[2:6])
                boxes[person][frame] = (left, top, left + width, top + height)
    scale = np.array(_ANNOTATED_SIZE * 2)
    return [_interpolate(person, seen, scale) for person, seen in sorted(boxes.items())]


def _interpolate(
    person: int, seen: dict[int, tuple[float, ...]], scale: NDArray[np.float64]
) -> Walk:
    known = np.array(sorted(seen))
    corners = np.array([seen[frame] for frame in known]) / scale
    frames = np.arange(known[0], known[-1] + 1)
    boxes = np.stack([np.interp(frames, known, corners[:, k]) for k in range(4)], axis=1)
    return Walk(person, frames, boxes)


def true_crossings(walks: list[Walk], line: Line) -> dict[Direction, int]:
    """Returns how often feet crossed a line of two points each way."""
    totals = dict.fromkeys(Direction, 0)
    start, end = np.array(line.points)
    way = end - start
    for walk in walks:
        from_start = walk.feet - start
        side = way[0] * from_start[:, 1] - way[1] * from_start[:, 0]
        along = from_start @ way / (way @ way)
        for i in np.flatnonzero((side[:-1] < 0) != (side[1:] < 0)):
            share = side[i] / (side[i] - side[i + 1])
            if 0 <= along[i] + share * (along[i + 1] - along[i]) <= 1:
                totals[Direction.IN if side[i] < 0 else Direction.OUT] += 1
    return totals
