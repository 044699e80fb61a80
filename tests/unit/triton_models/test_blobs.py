"""From foreground to people."""

import cv2
import numpy as np
from numpy.typing import NDArray

from triton_models.vision.blobs import Blobs, merge_fragments, split_groups
from triton_models.vision.perspective import Perspective

HEIGHT, WIDTH = 60, 24
"""Of a person in these pictures, wherever they stand."""


def empty() -> NDArray[np.uint8]:
    return np.zeros((240, 320), np.uint8)


def draw_person(mask: NDArray[np.uint8], x: int, foot: int) -> None:
    """A head on an upright body."""
    head = HEIGHT // 8
    cv2.circle(mask, (x, foot - HEIGHT + head), head, 255, -1)
    body = (WIDTH // 2, HEIGHT // 2 - head)
    cv2.ellipse(mask, (x, foot - body[1]), body, 0, 0, 360, 255, -1)


def perspective(*, known: bool = True) -> Perspective:
    seen = Perspective()
    if known:
        feet = np.linspace(70, 230, 400)
        x = np.full(400, 100)
        boxes = np.stack([x - WIDTH / 2, feet - HEIGHT, x + WIDTH / 2, feet], axis=1)
        for box in boxes.astype(np.float32):
            seen.learn(box[None], (320, 240))
        assert seen.known
    return seen


def people(mask: NDArray[np.uint8], *, known: bool = True) -> NDArray[np.float32]:
    """Boxes by their left edges."""
    scene = perspective(known=known)
    blobs = merge_fragments(Blobs.find(mask, smallest=HEIGHT / 4), scene)
    boxes = split_groups(blobs, mask, scene).boxes
    return boxes[np.argsort(boxes[:, 0])]


def test_one_person_is_one_box() -> None:
    mask = empty()
    draw_person(mask, 100, 200)
    np.testing.assert_allclose(people(mask), [[88, 140, 113, 201]], atol=3)


def test_specks_are_no_people() -> None:
    mask = empty()
    mask[50:53, 60:63] = 255
    assert people(mask).shape == (0, 4)


def test_a_body_without_its_waist_is_still_one_person() -> None:
    for known in (True, False):
        mask = empty()
        draw_person(mask, 100, 200)
        mask[165:172] = 0
        np.testing.assert_allclose(people(mask, known=known), [[88, 140, 113, 201]], atol=3)


def test_people_far_above_one_another_stay_two() -> None:
    mask = empty()
    draw_person(mask, 100, 100)
    draw_person(mask, 100, 200)
    assert len(people(mask)) == 2


def test_two_side_by_side_are_cut_between_their_heads() -> None:
    mask = empty()
    draw_person(mask, 100, 200)
    draw_person(mask, 122, 202)
    np.testing.assert_allclose(people(mask), [[88, 140, 111, 201], [111, 142, 135, 203]], atol=4)


def test_one_behind_the_other_are_two_with_their_own_feet() -> None:
    mask = empty()
    draw_person(mask, 102, 165)
    draw_person(mask, 100, 200)
    boxes = people(mask)
    boxes = boxes[np.argsort(boxes[:, 3])]
    np.testing.assert_allclose(boxes[:, 3], [165, 200], atol=8)
    np.testing.assert_allclose(boxes[:, 1], [105, 140], atol=8)


def test_nobody_is_cut_before_the_scene_is_known() -> None:
    mask = empty()
    draw_person(mask, 100, 200)
    draw_person(mask, 122, 202)
    assert len(people(mask, known=False)) == 1


def test_solid_blobs_score_higher_than_thin_ones() -> None:
    mask = empty()
    mask[100:160, 50:74] = 255
    cv2.line(mask, (150, 100), (174, 160), 255, 2)
    blobs = Blobs(np.array([[50, 100, 74, 160], [150, 100, 175, 161]], np.float32))
    solid, thin = blobs.scores(mask)
    assert solid > 0.9
    assert thin < 0.5
    assert Blobs(np.zeros((0, 4), np.float32)).scores(mask).shape == (0,)
