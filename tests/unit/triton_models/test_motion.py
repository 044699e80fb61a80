"""What moves before a fixed camera."""

from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.clips import SETTLING, Frame, empty_place, walk, walker_box
from triton_models.vision.motion import MotionDetector


def boxes_of(detector: MotionDetector, image: Frame) -> NDArray[np.float32]:
    """In pixels."""
    height, width = image.shape[:2]
    return detector.detect(image)[0] * np.array([width, height, width, height], np.float32)


@pytest.mark.parametrize("shadow", [False, True])
def test_boxes_a_walker_without_the_shadow(shadow: bool) -> None:
    detector = MotionDetector()
    for image, left in walk(shadow=shadow):
        boxes = boxes_of(detector, image)
        if left is not None:
            np.testing.assert_allclose(boxes, [walker_box(left)], atol=4)


def test_a_walker_scores_well_and_boxes_are_relative() -> None:
    detector = MotionDetector()
    for image, _ in walk(10):
        boxes, scores = detector.detect(image)
    assert [boxes.dtype.name, scores.dtype.name] == ["float32", "float32"]
    assert boxes.shape == (1, 4)
    assert ((boxes >= 0) & (boxes <= 1)).all()
    assert scores[0] > 0.8


def test_an_empty_place_stays_empty_in_spite_of_noise() -> None:
    detector = MotionDetector()
    for image in islice(empty_place(noise=5), 150):
        assert len(detector.detect(image)[0]) == 0


def test_sudden_light_is_no_crowd_and_soon_the_usual() -> None:
    detector = MotionDetector()
    for number, (image, left) in enumerate(walk()):
        lit = image + np.uint8(50 if number >= SETTLING // 4 else 0)
        boxes = boxes_of(detector, lit)
        if left is None:
            assert len(boxes) == 0
        else:
            np.testing.assert_allclose(boxes, [walker_box(left)], atol=4)


def test_somebody_who_left_is_not_seen_where_they_stood() -> None:
    detector = MotionDetector()
    for image, _ in walk():
        detector.detect(image)
    for image in islice(empty_place(), 40):
        boxes = boxes_of(detector, image)
    assert len(boxes) == 0


def test_a_change_of_size_starts_over() -> None:
    used, fresh = MotionDetector(), MotionDetector()
    for image, _ in walk(20):
        used.detect(image)
    for image in islice(empty_place(size=(120, 160)), 40):
        assert used.detect(image)[0].tolist() == fresh.detect(image)[0].tolist()


def test_the_same_frames_give_the_same_boxes() -> None:
    one, other = MotionDetector(), MotionDetector()
    for image, _ in walk(shadow=True):
        for first, second in zip(one.detect(image), other.detect(image), strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (301, 3), (97, 131), (3840, 2160)])
def test_takes_frames_of_any_size(size: tuple[int, int]) -> None:
    detector = MotionDetector()
    for level in (0, 0, 255, 0):
        boxes, scores = detector.detect(np.full((*size, 3), level, np.uint8))
        assert len(boxes) == len(scores)
