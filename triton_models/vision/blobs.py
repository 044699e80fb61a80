"""Connected foreground, merged where one person fell apart and cut where several melted together."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.vision.perspective import WIDTH_OF_HEIGHT, Perspective

Mask = NDArray[np.uint8]
Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Blobs:
    """Boxes of foreground, (n, 4) as left, top, right, bottom in pixels."""

    boxes: Boxes

    @classmethod
    def find(cls, mask: Mask, *, smallest: float) -> Self:
        """Connected regions of a mask whose height is at least half of `smallest` pixels."""
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        left, top, width, height, area = stats[1:].T
        large = (height * 2 >= smallest) & (area >= 0.15 * smallest * smallest)
        boxes = np.stack([left, top, left + width, top + height], axis=1)[large]
        return cls(boxes.astype(np.float32))

    def select(self, which: NDArray[np.bool_]) -> "Blobs":
        """Some of the blobs."""
        return Blobs(self.boxes[which])

    def scores(self, mask: Mask) -> NDArray[np.float32]:
        """How much of its box each blob fills, (n,), scaled so that a walker's 40 % give 0.7."""
        filled = [
            np.count_nonzero(mask[int(y1) : int(y2), int(x1) : int(x2)])
            / max((x2 - x1) * (y2 - y1), 1)
            for x1, y1, x2, y2 in self.boxes
        ]
        return np.asarray(np.clip(0.3 + np.array(filled), 0, 1), np.float32)


def merge_fragments(blobs: Blobs, perspective: Perspective) -> Blobs:
    """Join blobs that lie above one another and together are no taller than a person."""
    boxes = list(blobs.boxes[np.argsort(-blobs.boxes[:, 3], kind="stable")])
    merged: list[NDArray[np.float32]] = []
    for box in boxes:
        for index, lower in enumerate(merged):
            if _one_person(lower, box, perspective):
                merged[index] = _union(lower, box)
                break
        else:
            merged.append(box)
    return Blobs(np.array(merged, np.float32).reshape(-1, 4))


def _one_person(
    lower: NDArray[np.float32], upper: NDArray[np.float32], perspective: Perspective
) -> bool:
    union = _union(lower, upper)
    overlap = min(lower[2], upper[2]) - max(lower[0], upper[0])
    narrower = min(lower[2] - lower[0], upper[2] - upper[0])
    if overlap < 0.4 * narrower:
        return False
    height, width = union[3] - union[1], union[2] - union[0]
    if perspective.known:
        expected = float(perspective.height_at(union[3:4])[0])
        return bool(height < 1.2 * expected and width < 1.8 * WIDTH_OF_HEIGHT * expected)
    gap = lower[1] - upper[3]
    return bool(gap < 0.25 * height and height / max(width, 1) < 4)


def _union(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def split_groups(blobs: Blobs, mask: Mask, perspective: Perspective) -> Blobs:
    """Cut blobs that are too wide for one person where their outline dips between heads."""
    if not perspective.known:
        return blobs
    parts: list[NDArray[np.float32]] = []
    for box in blobs.boxes:
        expected = float(perspective.height_at(box[3:4])[0])
        for column in _cut_across(box, mask, expected):
            parts.extend(_cut_along(column, mask, perspective))
    return Blobs(np.array(parts, np.float32).reshape(-1, 4))


def _cut_across(box: NDArray[np.float32], mask: Mask, expected: float) -> list[NDArray[np.float32]]:
    """Side by side: as many people as the width holds, cut at the lowest columns between them."""
    left, top, right, bottom = (int(value) for value in box)
    people = round((right - left) / (WIDTH_OF_HEIGHT * expected * 1.15))
    if people < 2:
        return [box]
    profile = np.count_nonzero(mask[top:bottom, left:right], axis=0).astype(np.float32)
    window = max(int(0.12 * expected) | 1, 3)
    smooth = cv2.GaussianBlur(profile[None], (window, 1), 0)[0]
    step = len(smooth) / people
    cuts = [0]
    for number in range(1, people):
        centre = number * step
        low = max(int(centre - 0.35 * step), cuts[-1] + 1)
        high = max(int(centre + 0.35 * step), low + 1)
        cuts.append(low + int(smooth[low:high].argmin()))
    cuts.append(len(smooth))
    return [
        tightened
        for start, end in pairwise(cuts)
        if (tightened := _tighten(mask, left + start, top, left + end, bottom)) is not None
    ]


def _cut_along(
    box: NDArray[np.float32], mask: Mask, perspective: Perspective
) -> list[NDArray[np.float32]]:
    """One behind another: the nearer person stands at the bottom, what is above them is the farther one."""
    expected = float(perspective.height_at(box[3:4])[0])
    left, top, right, bottom = (int(value) for value in box)
    if bottom - top < 1.5 * expected:
        return [box]
    head = int(bottom - expected)
    lower, upper = _tighten(mask, left, head, right, bottom), _tighten(mask, left, top, right, head)
    if upper is not None:
        # The farther person's legs are hidden: give them the height that belongs where they stand.
        reach = float(perspective.height_at(upper[3:4])[0])
        upper[3] = min(max(upper[3], upper[1] + 0.9 * reach), bottom)
    return [part for part in (lower, upper) if part is not None]


def _tighten(
    mask: Mask, left: int, top: int, right: int, bottom: int
) -> NDArray[np.float32] | None:
    """The part of a rectangle that holds foreground; None if there is none."""
    part = mask[top:bottom, left:right]
    x, y, width, height = cv2.boundingRect(part)
    if width == 0 or height == 0:
        return None
    return np.array([left + x, top + y, left + x + width, top + y + height], np.float32)
