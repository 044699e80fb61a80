"""Pre- and postprocessing of YOLOX (Ge et al. 2021, "YOLOX: Exceeding YOLO Series in 2021").

The network takes a letterboxed BGR picture and gives one row for each cell of three grids: centre
offset and log size in units of the cell, objectness, and one score for each class (both already
passed through a sigmoid in the export).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
PADDING = 114
"""Grey value that fills the letterbox, as in training."""

Boxes = NDArray[np.float32]
Scores = NDArray[np.float32]
Classes = NDArray[np.int32]


class YoloxHead:
    """Turns frames into network input and network output into boxes.

    Args:
        height: Height of the network's input in pixels.
        width: Width of the network's input in pixels.
        score_floor: Boxes that score less are dropped. Low, because a tracker makes use of weak boxes.
        overlap: Intersection over union above which the weaker of two boxes of a class is dropped.
    """

    def __init__(
        self, height: int, width: int, *, score_floor: float = 0.1, overlap: float = 0.65
    ) -> None:
        self.height, self.width = height, width
        self._score_floor, self._overlap = score_floor, overlap
        cells, strides = [], []
        for stride in STRIDES:
            rows, columns = np.mgrid[: height // stride, : width // stride]
            cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
            strides.append(np.full((rows.size, 1), stride))
        self._cells = np.concatenate(cells).astype(np.float32)
        self._strides = np.concatenate(strides).astype(np.float32)

    @property
    def rows(self) -> int:
        """Rows of the network's output for this input size."""
        return len(self._cells)

    def prepare(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
        """Letterbox a frame.

        Args:
            frame: BGR, (h, w, 3).

        Returns:
            The network's input, (1, 3, height, width), and the scale from frame to input pixels.
        """
        height, width = frame.shape[:2]
        scale = min(self.height / height, self.width / width)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        if size != (width, height):
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]  # OpenCV's stubs lose the dtype
        canvas = np.full((self.height, self.width, 3), PADDING, np.uint8)
        canvas[: size[1], : size[0]] = frame
        blob = canvas.transpose(2, 0, 1)[None].astype(np.float32)
        return blob, scale

    def decode(
        self, output: NDArray[np.float32], frame_size: tuple[int, int], scale: float
    ) -> tuple[Boxes, Scores, Classes]:
        """Boxes in one picture.

        Args:
            output: The network's output for it, (rows, 5 + classes).
            frame_size: Width and height of the frame in pixels.
            scale: From `prepare`.

        Returns:
            Boxes (n, 4) as left, top, right, bottom relative to the frame, clipped to it; scores (n,) and
            classes (n,), best first.
        """
        class_scores = output[:, 5:] * output[:, 4:5]
        classes = class_scores.argmax(axis=1)
        scores = class_scores[np.arange(len(classes)), classes]
        strong = scores >= self._score_floor
        if not strong.any():
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32)
        rows, scores, classes = output[strong], scores[strong], classes[strong].astype(np.int32)
        strides = self._strides[strong]
        centres = (rows[:, :2] + self._cells[strong]) * strides / scale
        sizes = np.exp(rows[:, 2:4]) * strides / scale
        corners = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
        kept = best_of_each(corners, scores, classes, self._overlap)
        width, height = frame_size
        relative = corners[kept] / np.array([width, height, width, height], np.float32)
        return relative.clip(0, 1).astype(np.float32), scores[kept], classes[kept]


def best_of_each(
    corners: NDArray[np.float32], scores: Scores, classes: Classes, overlap: float
) -> NDArray[np.intp]:
    """Non-maximum suppression within each class; indices of what stays, best first."""
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxesBatched(
        boxes.astype(float).tolist(), scores.tolist(), classes.tolist(), 0.0, overlap
    )
    indices = np.asarray(kept, np.intp).reshape(-1)
    return indices[np.argsort(-scores[indices], kind="stable")]
