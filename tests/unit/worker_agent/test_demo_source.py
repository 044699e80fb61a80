"""The demo scene as a camera: its address, its pace and its place in time."""

from datetime import datetime, timedelta

import pytest

from tally.worker.agent.sources import Pace, SourceError, SourceErrorReason
from tally.worker.agent.sources.demo.options import DemoOptions
from tally.worker.agent.sources.demo.source import SCENE_BEGAN, DemoSource

SMALL = "demo://plaza?width=160&height=90&fps=10"
NOW = SCENE_BEGAN + timedelta(days=400, seconds=0.04)


class _Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_live_the_frame_number_follows_the_wall_clock() -> None:
    clock = _Clock()
    frames = DemoSource(SMALL, clock=clock).frames()

    first = next(frames)
    assert first.index == 400 * 86_400 * 10
    assert first.time_s == 0
    assert first.captured_at == NOW - timedelta(seconds=0.04)

    clock.now = NOW + timedelta(seconds=2)  # the consumer was slow: frames are skipped
    late = next(frames)
    assert late.index == first.index + 20
    assert late.time_s == pytest.approx(2.0)


def test_after_a_restart_the_scene_has_gone_on() -> None:
    clock = _Clock()
    before = next(DemoSource(SMALL, clock=clock).frames())
    clock.now += timedelta(seconds=30)
    after = next(DemoSource(SMALL, clock=clock).frames())
    assert after.index == before.index + 300
    assert after.captured_at - before.captured_at == timedelta(seconds=30)


def test_frames_are_not_delivered_before_their_time() -> None:
    source = DemoSource("demo://plaza?width=160&height=90&fps=30&frames=6")
    for frame in source.frames():
        assert source._clock() >= frame.captured_at


def test_closing_ends_a_live_scene_that_waits() -> None:
    source = DemoSource(SMALL, clock=_Clock())
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []


def test_as_fast_as_possible_every_frame_comes_from_the_start_on() -> None:
    source = DemoSource(f"{SMALL}&start=7&frames=4", pace=Pace.AS_FAST_AS_POSSIBLE)
    assert [frame.index for frame in source.frames()] == [7, 8, 9, 10]
    assert source.info.frame_count == 4


def test_the_address_sets_the_options() -> None:
    options = DemoOptions.parse("demo://plaza?seed=9&walkers=40&fps=25&width=800&height=600")
    assert options == DemoOptions(seed=9, walkers=40, fps=25, width=800, height=600)
    assert DemoOptions.parse("demo://plaza") == DemoOptions()


@pytest.mark.parametrize(
    ("uri", "word"),
    [
        ("demo://beach", "plaza"),
        ("demo://plaza/x", "plaza"),
        ("demo://plaza?people=9", "people"),
        ("demo://plaza?walkers=4", "walkers"),
        ("demo://plaza?walkers=41", "walkers"),
        ("demo://plaza?fps=0", "fps"),
        ("demo://plaza?fps=", "fps"),
        ("demo://plaza?width=1e9", "width"),
        ("demo://plaza?seed=-1", "seed"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(uri: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        DemoSource(uri)
    assert caught.value.reason is SourceErrorReason.INVALID_URI
