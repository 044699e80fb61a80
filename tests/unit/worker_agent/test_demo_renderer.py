"""The demo's pictures: repeatable, and showing people where the truth says they are."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tally.worker.agent.sources import Image, Pace, open_source
from tally.worker.agent.sources.demo.reference import Reference
from tally.worker.agent.sources.demo.renderer import Renderer
from tally.worker.agent.sources.demo.scene import Scene

WIDTH, HEIGHT, FPS = 320, 180, 15


def _renderer(seed: int = 3) -> Renderer:
    scene = Scene(seed=seed, walkers=16, aspect=WIDTH / HEIGHT)
    return Renderer(scene, seed=seed, width=WIDTH, height=HEIGHT)


def _frame(index: int, seed: int = 3) -> Image:
    return _renderer(seed).render(index, index / FPS)


def test_frame_k_is_the_same_picture_alone_and_in_sequence() -> None:
    renderer = _renderer()
    in_sequence = [renderer.render(k, k / FPS) for k in range(40)]
    for k in (0, 7, 39):
        assert np.array_equal(in_sequence[k], _frame(k))


def test_frames_of_live_time_are_repeatable_too() -> None:
    index = 900_000_017
    assert np.array_equal(_frame(index), _frame(index))


def test_another_frame_has_other_noise_and_another_seed_another_picture() -> None:
    renderer = _renderer()
    a, b = renderer.render(1, 5.0), renderer.render(2, 5.0)
    difference = a.astype(int) - b
    assert 1 < difference.std() < 6
    assert not np.array_equal(_frame(1), _frame(1, seed=4))


def test_pictures_have_the_announced_shape() -> None:
    frame = _frame(0)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (161, 91)])
def test_any_size_renders(size: tuple[int, int]) -> None:
    uri = f"demo://plaza?width={size[0]}&height={size[1]}&frames=2&start=300"
    frames = list(open_source(uri, pace=Pace.AS_FAST_AS_POSSIBLE).frames())
    assert [frame.image.shape for frame in frames] == [(size[1], size[0], 3)] * 2


def test_what_moves_is_where_the_truth_says_people_are() -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)
    uri = f"demo://plaza?seed=3&width={WIDTH}&height={HEIGHT}&frames=900"
    reference = Reference(uri, began=began)
    source = open_source(uri, pace=Pace.AS_FAST_AS_POSSIBLE, started_at=began)
    frames = [frame for frame in source.frames() if frame.index % 15 == 0]
    # The scene's light changes, so compare with the median of the frames nearest in time.
    covered, outside = [], []
    for i in range(10, len(frames) - 10, 5):
        empty = np.median([f.image for f in frames[i - 10 : i + 10]], axis=0)
        moving = np.abs(frames[i].image - empty).max(axis=-1) > 40
        near_people = np.zeros_like(moving)
        for person in reference.people(frames[i].captured_at):
            left, top, right, bottom = np.array(person.box) * [WIDTH, HEIGHT, WIDTH, HEIGHT]
            # A body's shadow falls to the right of it, about two thirds of its height long.
            shadow = 0.8 * (bottom - top)
            window = np.s_[
                max(0, int(top) - 2) : int(bottom) + 4,
                max(0, int(left) - 2) : int(right + shadow) + 2,
            ]
            near_people[window] = True
            body = np.s_[max(0, int(top)) : int(bottom), max(0, int(left)) : int(right)]
            covered.append(moving[body].mean())
        outside.append(moving[~near_people].mean())
    assert len(covered) > 40
    assert np.mean(np.array(covered) > 0.2) > 0.7  # the others stand, or hide behind something
    assert np.mean(outside) < 0.005


def test_the_reference_and_the_frames_share_their_times() -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)
    source = open_source(
        "demo://plaza?width=160&height=90&start=30&frames=2",
        pace=Pace.AS_FAST_AS_POSSIBLE,
        started_at=began,
    )
    frames = list(source.frames())
    assert [frame.index for frame in frames] == [30, 31]
    assert [frame.captured_at - began for frame in frames] == [
        timedelta(seconds=2),
        timedelta(seconds=31 / 15),
    ]
    assert frames[0].time_s == 0
