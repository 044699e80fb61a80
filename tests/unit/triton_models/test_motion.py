"""What moves before a fixed camera, on small clips made here."""

from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_models.vision.motion import MotionDetector

Frame = NDArray[np.uint8]

SIZE = (180, 240)
TALL, WIDE = 48, 20
FOOT = 140
SETTLING = 60
"""Frames of an empty scene before anything happens."""


def scene(seed: int = 1, *, noise: float = 2.0, size: tuple[int, int] = SIZE) -> Iterable[Frame]:
    """An empty paved place under a camera with some noise, for ever."""
    random = np.random.default_rng(seed)
    small = random.integers(80, 150, (size[0] // 12 + 1, size[1] // 12 + 1, 3))
    ground = small.repeat(12, axis=0).repeat(12, axis=1)[: size[0], : size[1]].astype(float)
    while True:
        yield (ground + random.normal(0, noise, ground.shape)).clip(0, 255).astype(np.uint8)


def walker_at(frame: int) -> int:
    return 20 + 5 * frame


def walk(frames: int, *, shadow: bool = False) -> Iterable[tuple[Frame, int]]:
    """A dark figure walking to the right over a settled scene, and where its left edge is."""
    for number, image in zip(range(SETTLING + frames), scene(), strict=False):
        if number < SETTLING:
            yield image, -1
            continue
        left = walker_at(number - SETTLING)
        if shadow:
            ground = image[FOOT - 8 : FOOT, left + WIDE : left + WIDE + 45]
            image[FOOT - 8 : FOOT, left + WIDE : left + WIDE + 45] = ground * 0.7
        image[FOOT - TALL : FOOT, left : left + WIDE] = (40, 30, 200)
        yield image, left


def boxes_of(detector: MotionDetector, image: Frame) -> NDArray[np.float32]:
    """In pixels."""
    height, width = image.shape[:2]
    return detector.detect(image)[0] * np.array([width, height, width, height], np.float32)


@pytest.mark.parametrize("shadow", [False, True])
def test_boxes_a_walker_without_the_shadow(shadow: bool) -> None:
    detector = MotionDetector()
    for image, left in walk(35, shadow=shadow):
        boxes = boxes_of(detector, image)
        if left >= 0:
            np.testing.assert_allclose(
                boxes, [[left, FOOT - TALL, left + WIDE, FOOT]], atol=4 if shadow else 3
            )


def test_a_walker_scores_well_and_boxes_are_relative() -> None:
    detector = MotionDetector()
    for image, _ in walk(10):
        boxes, scores = detector.detect(image)
    assert [boxes.dtype.name, scores.dtype.name] == ["float32", "float32"]
    assert boxes.shape == (1, 4)
    assert ((boxes >= 0) & (boxes <= 1)).all()
    assert scores[0] > 0.8


def test_an_empty_scene_stays_empty_in_spite_of_noise() -> None:
    detector = MotionDetector()
    for _, image in zip(range(150), scene(noise=5), strict=False):
        assert len(detector.detect(image)[0]) == 0


def test_sudden_light_is_no_crowd_and_is_soon_forgotten() -> None:
    detector = MotionDetector()
    for number, (image, left) in zip(range(SETTLING + 35), walk(35), strict=True):
        if number >= SETTLING // 4:
            image = image + np.uint8(50)
        boxes = boxes_of(detector, image)
        if left < 0:
            assert len(boxes) == 0
        else:
            np.testing.assert_allclose(boxes, [[left, FOOT - TALL, left + WIDE, FOOT]], atol=4)


def test_somebody_who_left_is_not_seen_where_they_stood() -> None:
    detector = MotionDetector()
    for image, _ in walk(35):
        detector.detect(image)
    for _, image in zip(range(40), scene(), strict=False):
        boxes = boxes_of(detector, image)
    assert len(boxes) == 0


def test_a_change_of_size_starts_over() -> None:
    used, fresh = MotionDetector(), MotionDetector()
    for image, _ in walk(20):
        used.detect(image)
    for _, image in zip(range(40), scene(size=(120, 160)), strict=False):
        image[40:80, 60:80] = 0
        assert used.detect(image)[0].tolist() == fresh.detect(image)[0].tolist()


def test_the_same_frames_give_the_same_boxes() -> None:
    one, other = MotionDetector(), MotionDetector()
    for image, _ in walk(35, shadow=True):
        for first, second in zip(one.detect(image), other.detect(image), strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (301, 3), (97, 131), (1920, 1080)])
def test_takes_frames_of_any_size(size: tuple[int, int]) -> None:
    detector = MotionDetector()
    for level in (0, 0, 255, 0):
        boxes, scores = detector.detect(np.full((*size, 3), level, np.uint8))
        assert len(boxes) == len(scores)
