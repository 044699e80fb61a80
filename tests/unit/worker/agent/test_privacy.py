"""What is not to be seen is in no pixel, at any scale, of the frame or of a part of it."""

import numpy as np

from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy, presentable

WHITE = np.full((90, 160, 3), 255, np.uint8)
SQUARE = ((0.25, 0.5), (0.75, 0.5), (0.75, 1.0), (0.25, 1.0))
PRIVACY = Privacy(areas=(SQUARE,))


def test_areas_are_black_with_every_pixel_that_they_touch() -> None:
    shown = presentable(WHITE, PRIVACY)
    assert not shown[45:, 40:121].any()
    assert (shown[:45] == 255).all()
    assert (shown[:, :40] == 255).all()
    assert (shown[:, 121:] == 255).all()
    assert (WHITE == 255).all()  # the frame itself is counted on


def test_a_part_of_the_frame_has_its_part_of_an_area() -> None:
    shown = presentable(WHITE, PRIVACY, part=(0.5, 0.5, 1.0, 0.75))
    assert not shown[:, :81].any()
    assert (shown[:, 81:] == 255).all()
    beside = presentable(WHITE, PRIVACY, part=(0.0, 0.0, 0.2, 0.2))
    assert (beside == 255).all()


def test_who_is_half_in_an_area_takes_nothing_of_it_along() -> None:
    image = WHITE.copy()
    image[45:, 40:121] = (0, 0, 200)
    people = np.array([[0.1, 0.3, 0.5, 0.8]], np.float32)
    shown = presentable(image, PRIVACY, people)
    assert not shown[45:, 40:121].any()
    outside = np.ones(shown.shape[:2], bool)
    outside[45:, 40:121] = False
    # Without a colour of the area: shades of grey alone.
    assert (shown[outside].min(axis=1) == shown[outside].max(axis=1)).all()


def test_without_anything_to_hide_the_picture_stays() -> None:
    assert (presentable(WHITE, NOTHING_HIDDEN) == WHITE).all()
