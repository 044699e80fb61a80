"""Small clips of a paved place, empty or with somebody walking over it."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]

SIZE = (180, 240)
"""Height and width."""
TALL, WIDE, FOOT, FIRST_LEFT, STEP = 48, 20, 140, 20, 5
"""The walker in pixels: size, row of the feet, first left edge, way in each frame."""
SETTLING = 60
"""Frames of the empty place before anybody comes."""
CROSSING = 35
"""Frames in which the walker is wholly in the picture."""


def empty_place(
    seed: int = 1, *, noise: float = 2.0, size: tuple[int, int] = SIZE
) -> Iterator[Frame]:
    """The place under a camera with some noise, for ever."""
    random = np.random.default_rng(seed)
    stones = random.integers(80, 150, (size[0] // 12 + 1, size[1] // 12 + 1, 3))
    ground = stones.repeat(12, axis=0).repeat(12, axis=1)[: size[0], : size[1]].astype(float)
    while True:
        yield (ground + random.normal(0, noise, ground.shape)).clip(0, 255).astype(np.uint8)


def walk(
    frames: int = CROSSING, *, seed: int = 1, shadow: bool = False
) -> Iterator[tuple[Frame, int | None]]:
    """Somebody in red walks to the right over the settled place; with each frame, their left edge."""
    place = empty_place(seed)
    for image in islice(place, SETTLING):
        yield image, None
    for number, image in enumerate(islice(place, frames)):
        left = FIRST_LEFT + STEP * number
        right = left + WIDE
        if shadow:
            dark = image[FOOT - 8 : FOOT, right : right + 45] * 0.7
            image[FOOT - 8 : FOOT, right : right + 45] = dark.astype(np.uint8)
        image[FOOT - TALL : FOOT, left:right] = (40, 30, 200)
        yield image, left


def walker_box(left: int) -> tuple[float, float, float, float]:
    """The walker's true box in pixels."""
    return left, FOOT - TALL, left + WIDE, FOOT
