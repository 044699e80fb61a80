"""A stream that delivers frames says so when they show nothing."""

from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import cv2
import numpy as np
import pytest

from tally.worker.agent.health import Condition, StreamHealth
from tally.worker.agent.sources import Frame, Image, Pace, open_source
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
    assert looked_at(StreamHealth(), lambda time_s: noisy(square, time_s), 0, 30) == []


def test_a_picture_that_stays_the_same_is_frozen_until_it_changes(square: Image) -> None:
    health = StreamHealth()
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
    health, dull = StreamHealth(), obscure(square)
    looked_at(health, lambda time_s: noisy(square, time_s), 0, 10)
    ((noticed_s, conditions),) = looked_at(health, lambda time_s: noisy(dull, time_s), 10, 30)
    assert conditions == {Condition.OBSCURED}
    assert noticed_s <= 10 + 5
    assert looked_at(health, lambda time_s: noisy(square, time_s), 30, 40) == [(30, set())]


def test_a_lens_that_was_covered_from_the_first_frame_is_obscured(square: Image) -> None:
    black = np.zeros_like(square)
    ((_, conditions),) = looked_at(StreamHealth(), lambda time_s: noisy(black, time_s), 0, 10)
    assert conditions == {Condition.OBSCURED}


def test_dusk_is_not_obscured(square: Image) -> None:
    until_s, health = 1200, StreamHealth()

    def dusk(time_s: float) -> Image:
        return noisy(square[::2, ::2], time_s, light=1 - 0.9 * time_s / until_s)

    assert looked_at(health, dusk, 0, until_s) == []


def test_people_who_walk_by_are_neither() -> None:
    source = open_source("demo://plaza?walkers=40&seed=2", pace=Pace.AS_FAST_AS_POSSIBLE)
    health = StreamHealth()
    said = [health.look(frame) for frame in islice(source.frames(), 250)]
    source.close()
    assert said == [False] * 250
