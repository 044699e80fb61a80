"""From frames to the network's input, and from its output to boxes."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from triton_models.vision.coco import CLASSES, class_names
from triton_models.vision.yolox import PADDING, YoloxHead, best_of_each

SIDE = 64
Row = tuple[int, tuple[float, float, float, float], float, int]
"""Cell's stride, box (centre x, y, width, height in input pixels), score, class."""


def head_output(*found: Row, classes: int = 3) -> NDArray[np.float32]:
    """What the network would give for objects of which each is told by the cell that holds its centre."""
    output = np.zeros((SIDE * SIDE // 64 + SIDE * SIDE // 256 + SIDE * SIDE // 1024, 5 + classes))
    firsts = {8: 0, 16: (SIDE // 8) ** 2, 32: (SIDE // 8) ** 2 + (SIDE // 16) ** 2}
    for stride, (x, y, width, height), score, class_id in found:
        column, row = int(x // stride), int(y // stride)
        cell = output[firsts[stride] + row * (SIDE // stride) + column]
        cell[:2] = x / stride - column, y / stride - row
        cell[2:4] = np.log(width / stride), np.log(height / stride)
        cell[4] = 1.0
        cell[5 + class_id] = score
    return output.astype(np.float32)


def assert_types(*answer: NDArray[Any]) -> None:
    assert [part.dtype.name for part in answer] == ["float32", "float32", "int32"]


class TestPrepare:
    def test_fills_what_a_wide_frame_leaves_below_it(self) -> None:
        frame = np.full((100, 200, 3), (10, 20, 30), np.uint8)
        blob, scale = YoloxHead(SIDE, SIDE).prepare(frame)
        assert blob.shape == (1, 3, SIDE, SIDE)
        assert blob.dtype == np.float32
        assert scale == SIDE / 200
        assert [float(channel[:32].min()) for channel in blob[0]] == [10, 20, 30]
        assert (blob[0, :, 32:] == PADDING).all()

    def test_fills_what_a_tall_frame_leaves_beside_it(self) -> None:
        blob, scale = YoloxHead(SIDE, SIDE).prepare(np.zeros((3840, 2160, 3), np.uint8))
        assert scale == SIDE / 3840
        assert (blob[0, :, :, :36] == 0).all()
        assert (blob[0, :, :, 36:] == PADDING).all()

    def test_enlarges_a_small_frame(self) -> None:
        blob, scale = YoloxHead(SIDE, SIDE).prepare(np.zeros((16, 16, 3), np.uint8))
        assert scale == 4
        assert not blob.any()

    @pytest.mark.parametrize("size", [(1, 1), (1, 999), (999, 1), (7, 13)])
    def test_takes_frames_of_any_size(self, size: tuple[int, int]) -> None:
        blob, _ = YoloxHead(SIDE, SIDE).prepare(np.zeros((*size, 3), np.uint8))
        assert blob.shape == (1, 3, SIDE, SIDE)

    def test_knows_networks_that_are_not_square(self) -> None:
        head = YoloxHead(32, 96)
        blob, scale = head.prepare(np.zeros((64, 96, 3), np.uint8))
        assert blob.shape == (1, 3, 32, 96)
        assert scale == 0.5
        assert head.rows == 4 * 12 + 2 * 6 + 1 * 3


class TestDecode:
    @pytest.mark.parametrize("stride", [8, 16, 32])
    def test_finds_a_box_in_each_grid(self, stride: int) -> None:
        output = head_output((stride, (37, 21, 10, 30), 0.8, 2))
        boxes, scores, classes = YoloxHead(SIDE, SIDE).decode(output, (SIDE, SIDE), 1.0)
        np.testing.assert_allclose(boxes * SIDE, [[32, 6, 42, 36]], atol=1e-4)
        np.testing.assert_allclose(scores, [0.8])
        assert classes.tolist() == [2]
        assert_types(boxes, scores, classes)

    def test_is_relative_to_the_frame_not_to_its_letterbox(self) -> None:
        # A frame of 200 × 100 fills the upper half of the input.
        output = head_output((8, (32, 16, 16, 8), 0.9, 0))
        boxes, _, _ = YoloxHead(SIDE, SIDE).decode(output, (200, 100), SIDE / 200)
        np.testing.assert_allclose(boxes, [[0.375, 0.375, 0.625, 0.625]], atol=1e-6)

    def test_clips_to_the_frame(self) -> None:
        output = head_output((32, (2, 60, 40, 40), 0.9, 0))
        boxes, _, _ = YoloxHead(SIDE, SIDE).decode(output, (SIDE, SIDE), 1.0)
        np.testing.assert_allclose(boxes, [[0, 40 / SIDE, 22 / SIDE, 1]], atol=1e-6)

    def test_puts_the_best_first_and_leaves_out_the_weak(self) -> None:
        output = head_output(
            (8, (10, 10, 8, 8), 0.3, 0), (8, (50, 50, 8, 8), 0.7, 1), (8, (10, 50, 8, 8), 0.05, 2)
        )
        _, scores, classes = YoloxHead(SIDE, SIDE).decode(output, (SIDE, SIDE), 1.0)
        np.testing.assert_allclose(scores, [0.7, 0.3])
        assert classes.tolist() == [1, 0]

    def test_says_an_object_once(self) -> None:
        output = head_output((8, (20, 20, 16, 16), 0.9, 0), (16, (21, 20, 16, 16), 0.6, 0))
        boxes, scores, _ = YoloxHead(SIDE, SIDE).decode(output, (SIDE, SIDE), 1.0)
        np.testing.assert_allclose(boxes * SIDE, [[12, 12, 28, 28]], atol=1e-4)
        np.testing.assert_allclose(scores, [0.9])

    def test_multiplies_objectness_and_class(self) -> None:
        output = head_output((8, (20, 20, 16, 16), 0.8, 0))
        output[:, 4] *= 0.5
        _, scores, _ = YoloxHead(SIDE, SIDE).decode(output, (SIDE, SIDE), 1.0)
        np.testing.assert_allclose(scores, [0.4])

    def test_finds_nothing_in_nothing(self) -> None:
        boxes, scores, classes = YoloxHead(SIDE, SIDE).decode(head_output(), (640, 480), 0.1)
        assert (boxes.shape, scores.shape, classes.shape) == ((0, 4), (0,), (0,))
        assert_types(boxes, scores, classes)


class TestBestOfEach:
    CORNERS = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], np.float32)

    def best(self, scores: list[float], classes: list[int]) -> list[int]:
        kept = best_of_each(
            self.CORNERS, np.array(scores, np.float32), np.array(classes, np.int32), 0.5
        )
        return list(kept)

    def test_drops_the_weaker_of_two_that_overlap(self) -> None:
        assert self.best([0.5, 0.9, 0.7], [0, 0, 0]) == [1, 2]

    def test_keeps_different_classes_in_one_place(self) -> None:
        assert self.best([0.5, 0.9, 0.7], [0, 1, 0]) == [1, 2, 0]


def test_classes_are_named_by_their_data_set() -> None:
    assert class_names(80) == CLASSES
    assert [CLASSES[index] for index in (0, 1, 2, 3, 5, 7)] == [
        "person", "bicycle", "car", "motorcycle", "bus", "truck",
    ]  # fmt: skip
    assert len(set(CLASSES)) == 80
    assert class_names(2) == ("class-0", "class-1")
