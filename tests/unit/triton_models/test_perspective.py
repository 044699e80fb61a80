"""Learning how tall people appear."""

import numpy as np
from numpy.typing import NDArray

from triton_models.vision.perspective import WIDTH_OF_HEIGHT, Perspective

PICTURE = (480, 360)


def height_at(foot: float) -> float:
    """A scene: people are 30 pixels tall at row 120 and 90 at row 330."""
    return 30 + (foot - 120) * 60 / 210


def walkers(
    feet: NDArray[np.float64], scale: NDArray[np.float64] | float = 1.0
) -> NDArray[np.float32]:
    heights = np.array([height_at(foot) for foot in feet]) * scale
    widths = WIDTH_OF_HEIGHT * heights
    return np.stack([200 - widths / 2, feet - heights, 200 + widths / 2, feet], axis=1).astype(
        np.float32
    )


def taught(frames: int = 200, *, fragments: bool = False) -> Perspective:
    random = np.random.default_rng(1)
    perspective = Perspective()
    for _ in range(frames):
        boxes = walkers(random.uniform(120, 330, 3), random.normal(1, 0.06, 3))
        if fragments:
            boxes = np.concatenate([boxes, walkers(random.uniform(120, 330, 1), 0.4)])
        perspective.learn(boxes, PICTURE)
    return perspective


def expected(perspective: Perspective, *feet: float) -> list[float]:
    return [float(height) for height in perspective.height_at(np.array(feet, np.float32))]


def test_learns_the_height_of_people_from_the_row_of_their_feet() -> None:
    perspective = taught()
    assert perspective.known
    np.testing.assert_allclose(expected(perspective, 140, 225, 320), [35.7, 60, 87.1], rtol=0.06)


def test_is_not_deceived_by_fragments() -> None:
    np.testing.assert_allclose(
        expected(taught(fragments=True), 140, 225, 320), [35.7, 60, 87.1], rtol=0.1
    )


def test_says_nothing_before_it_has_seen_enough() -> None:
    perspective = taught(frames=2)
    assert not perspective.known
    assert perspective.plausible(walkers(np.array([200.0]), 5)).all()


def test_finds_boxes_plausible_that_are_about_as_tall_as_people() -> None:
    perspective = taught()
    feet = np.array([300.0] * 4)
    boxes = walkers(feet, np.array([0.3, 0.85, 1.2, 2.2]))
    assert perspective.plausible(boxes).tolist() == [False, True, True, False]
    assert perspective.plausible(boxes[:0]).shape == (0,)


def test_ignores_what_the_picture_cuts_off_and_what_is_not_shaped_like_a_person() -> None:
    perspective = Perspective()
    for _ in range(200):
        perspective.learn(np.array([[0, 50, 40, 150], [100, 260, 140, 360]], np.float32), PICTURE)
        perspective.learn(np.array([[100, 100, 200, 150], [10, 10, 15, 200]], np.float32), PICTURE)
    assert not perspective.known


def test_people_in_one_row_say_nothing_about_other_rows() -> None:
    perspective = Perspective()
    for _ in range(200):
        perspective.learn(walkers(np.array([200.0])), PICTURE)
    np.testing.assert_allclose(
        expected(perspective, 150, 200, 300), [height_at(200)] * 3, rtol=0.05
    )
