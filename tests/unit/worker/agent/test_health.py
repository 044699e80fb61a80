"""A stream that delivers frames says so when they show nothing."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import cv2
import numpy as np
import pytest

from tally.worker.agent.health import Condition, StreamHealth
from tally.worker.agent.sources import Frame, Image, Pace, open_source
from tally.worker.agent.view import StillView
from tests.unit.worker.agent.scenes import BEGAN

FPS = 2
Scene = Callable[[float], Image]


@pytest.fixture(scope="module")
def square() -> Image:
    """What the demo camera sees."""
    source = open_source("demo://plaza?walkers=30&seed=1", pace=Pace.AS_FAST_AS_POSSIBLE)
    image = next(source.frames()).image[::4, ::4].copy()
    source.close()
    return image


def noisy(image: Image, time_s: float, light: float = 1.0) -> Image:
    """A sensor's picture of a scene."""
    noise = np.random.default_rng(int(time_s * FPS)).standard_normal(image.shape, np.float32)
    seen: Image = np.clip(image * np.float32(light) + 2 * noise, 0, 255).astype(np.uint8)
    return seen


def looked_at(
    health: StreamHealth, scene: Scene, start_s: float, end_s: float
) -> list[tuple[float, set[Condition]]]:
    """What is said when it changes."""
    said = []
    for index in range(int(start_s * FPS), int(end_s * FPS)):
        time_s = index / FPS
        captured_at = BEGAN + timedelta(seconds=time_s)
        if health.look(Frame(index, time_s, captured_at, scene(time_s))):
            said.append((time_s, set(health.conditions)))
    return said


def test_a_still_scene_is_not_frozen(square: Image) -> None:
    assert (
        looked_at(StreamHealth(StillView(), None), lambda time_s: noisy(square, time_s), 0, 30)
        == []
    )


def test_a_picture_that_stays_the_same_is_frozen_until_it_changes(square: Image) -> None:
    health = StreamHealth(StillView(), None)
    looked_at(health, lambda time_s: noisy(square, time_s), 0, 10)
    ((noticed_s, conditions),) = looked_at(health, lambda _: noisy(square, 10), 10, 30)
    assert conditions == {Condition.FROZEN}
    assert noticed_s <= 10 + 8
    since = health.conditions[Condition.FROZEN] - BEGAN
    assert timedelta(seconds=10) <= since <= timedelta(seconds=11)
    assert looked_at(health, lambda time_s: noisy(square, time_s), 30, 40) == [(30, set())]


@pytest.mark.parametrize(
    "obscure",
    [
        pytest.param(lambda image: np.full_like(image, 90), id="covered"),
        pytest.param(lambda image: (image * 0.1).astype(np.uint8), id="lights out"),
        pytest.param(lambda image: cv2.GaussianBlur(image, (0, 0), 80), id="painted over"),
    ],
)
def test_a_picture_that_shows_little_is_obscured_until_it_shows_more(
    square: Image, obscure: Callable[[Image], Image]
) -> None:
    health, dull = StreamHealth(StillView(), None), obscure(square)
    looked_at(health, lambda time_s: noisy(square, time_s), 0, 10)
    ((noticed_s, conditions),) = looked_at(health, lambda time_s: noisy(dull, time_s), 10, 30)
    assert conditions == {Condition.OBSCURED}
    assert noticed_s <= 10 + 5
    assert looked_at(health, lambda time_s: noisy(square, time_s), 30, 40) == [(30, set())]


def test_a_lens_that_was_covered_from_the_first_frame_is_obscured(square: Image) -> None:
    black = np.zeros_like(square)
    ((_, conditions),) = looked_at(
        StreamHealth(StillView(), None), lambda time_s: noisy(black, time_s), 0, 10
    )
    assert conditions == {Condition.OBSCURED}


def test_dusk_is_not_obscured(square: Image) -> None:
    until_s, health = 1200, StreamHealth(StillView(), None)

    def dusk(time_s: float) -> Image:
        return noisy(square[::2, ::2], time_s, light=1 - 0.9 * time_s / until_s)

    assert looked_at(health, dusk, 0, until_s) == []


def test_people_who_walk_by_are_neither() -> None:
    source = open_source("demo://plaza?walkers=40&seed=2", pace=Pace.AS_FAST_AS_POSSIBLE)
    health = StreamHealth(StillView(), None)
    said = [health.look(frame) for frame in islice(source.frames(), 250)]
    source.close()
    assert said == [False] * 250


def shifted(image: Image, part: float) -> Image:
    """The scene after the camera was turned by a part of its picture's width."""
    turn = np.array([[1, 0, part * image.shape[1]], [0, 1, 0]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


@pytest.mark.parametrize("part", [0.05, 0.5])
def test_a_turned_camera_has_moved_until_it_looks_where_it_did(square: Image, part: float) -> None:
    health, turned = StreamHealth(StillView(), None), shifted(square, part)
    looked_at(health, lambda time_s: noisy(square, time_s), 0, 30)
    ((noticed_s, conditions),) = looked_at(health, lambda time_s: noisy(turned, time_s), 30, 60)
    assert conditions == {Condition.VIEW_MOVED}
    assert noticed_s <= 30 + 20
    back = looked_at(health, lambda time_s: noisy(square, time_s), 60, 80)
    assert [conditions for _, conditions in back] == [set()]


def test_what_the_camera_showed_is_known_in_its_next_run(square: Image) -> None:
    view = StillView()
    looked_at(StreamHealth(view, None), lambda time_s: noisy(square, time_s), 0, 30)
    turned = shifted(square, 0.1)
    ((_, conditions),) = looked_at(
        StreamHealth(view, None), lambda time_s: noisy(turned, time_s), 0, 30
    )
    assert conditions == {Condition.VIEW_MOVED}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda image, _: (image * 0.3).astype(np.uint8), id="darker"),
        pytest.param(lambda image, _: 255 - image, id="infrared at night"),
        pytest.param(lambda image, s: shifted(image, 0.01 * np.sin(2 * s)), id="shaken by wind"),
        pytest.param(
            lambda image, _: cv2.rectangle(image.copy(), (20, 10), (80, 90), (200, 60, 30), -1),
            id="a lorry stops",
        ),
    ],
)
def test_a_camera_that_hangs_still_has_not_moved(
    square: Image, change: Callable[[Image, float], Image]
) -> None:
    health = StreamHealth(StillView(), None)
    looked_at(health, lambda time_s: noisy(square, time_s), 0, 30)
    assert looked_at(health, lambda s: noisy(change(square, s), s), 30, 70) == []


def test_frames_that_arrive_too_slowly_are_told_until_they_come_as_promised(square: Image) -> None:
    health = StreamHealth(StillView(), 2.0 * FPS)  # half of what is promised will do
    assert looked_at(health, lambda time_s: noisy(square, time_s), 0, 30) == []
    health = StreamHealth(StillView(), 2.5 * FPS)
    ((noticed_s, conditions),) = looked_at(health, lambda time_s: noisy(square, time_s), 0, 30)
    assert conditions == {Condition.SLOW}
    assert noticed_s <= 17
