"""Of a source with more frames than are wanted, some are taken, evenly."""

from collections.abc import Generator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.worker.agent.sources import Frame, SourceInfo
from tally.worker.agent.sources.thinning import ThinnedSource, thinned
from tests.unit.worker.agent.scenes import BEGAN

PICTURE = np.zeros((2, 2, 3), np.uint8)


class Times:
    """Frames at these times."""

    info = SourceInfo(2, 2, 25.0, None, live=True)
    corrupt_frames = 3

    def __init__(self, times_s: Sequence[float]) -> None:
        self._times_s = times_s
        self.closed = False

    def frames(self) -> Generator[Frame, None, None]:
        for index, time_s in enumerate(self._times_s):
            yield Frame(index, time_s, BEGAN, PICTURE)

    def close(self) -> None:
        self.closed = True


def taken(times_s: Sequence[float], max_fps: float) -> list[float]:
    return [frame.time_s for frame in ThinnedSource(Times(times_s), max_fps).frames()]


@pytest.mark.parametrize(("fps", "max_fps"), [(25, 10), (25, 5), (30, 15), (25, 0.5)])
def test_as_many_frames_are_taken_as_are_wanted(fps: float, max_fps: float) -> None:
    seconds = 60
    count = len(taken([index / fps for index in range(int(seconds * fps))], max_fps))
    assert count == pytest.approx(seconds * max_fps, abs=1)


def test_a_source_with_fewer_frames_keeps_them_all_however_unsteady_it_is() -> None:
    noise = np.random.default_rng(1).uniform(-0.004, 0.004, 500)
    times = [index / 10 + shift for index, shift in enumerate(noise)]
    assert taken(times, 10) == times


def test_after_a_pause_frames_come_as_evenly_as_before() -> None:
    times = [index / 25 for index in range(250)] + [60 + index / 25 for index in range(250)]
    steps = np.diff([time for time in taken(times, 5) if time >= 60])
    assert steps.min() >= 0.15


@given(st.lists(st.floats(0.001, 5), min_size=1, max_size=50), st.floats(0.5, 120))
def test_no_two_frames_are_closer_than_is_wanted(gaps: list[float], max_fps: float) -> None:
    times = [float(time) for time in np.cumsum(gaps)]
    kept = taken(times, max_fps)
    assert kept[0] == times[0]
    assert len(kept) <= 1 + (times[-1] - times[0]) * max_fps + 1


def test_all_else_is_the_sources_own() -> None:
    source = Times([0.0])
    limited = thinned(lambda: source, 5)
    assert (limited.info, limited.corrupt_frames) == (source.info, 3)
    limited.close()
    assert source.closed
    assert thinned(lambda: source, 0) is source
