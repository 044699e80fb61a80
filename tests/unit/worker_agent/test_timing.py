"""Where frames are put in time."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from tally.worker.agent.sources.timing import LiveTimeline, RecordingTimeline


def test_a_recording_begins_at_zero_and_keeps_its_own_times() -> None:
    timeline = RecordingTimeline(fps=10)
    assert [timeline.place(t) for t in (3.0, 3.1, 3.5)] == pytest.approx([0.0, 0.1, 0.5])


def test_a_recording_without_timestamps_runs_at_its_rate() -> None:
    timeline = RecordingTimeline(fps=4)
    assert [timeline.place(None) for _ in range(3)] == [0.0, 0.25, 0.5]


def test_repeated_and_returning_timestamps_still_increase() -> None:
    timeline = RecordingTimeline(fps=10)
    times = [timeline.place(t) for t in (0.0, 0.5, 0.5, 0.2, 0.6)]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(0.6)


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _live(
    arrivals_and_stamps: Sequence[tuple[float, float | None]], *, stamped: bool
) -> list[float]:
    clock = _Clock()
    timeline = LiveTimeline(stamped=stamped, clock=clock)
    times = []
    for arrival, stamp in arrivals_and_stamps:
        clock.now = 100.0 + arrival
        times.append(timeline.place(stamp))
    return times


def test_bursts_of_the_network_do_not_move_frames_in_time() -> None:
    burst = [(0.0, 50.0), (0.3, 50.1), (0.3, 50.2), (0.3, 50.3), (0.4, 50.4)]
    assert _live(burst, stamped=True) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize("jump", [-40.0, 7.0, 1e6])
def test_a_camera_that_sets_its_clock_is_anchored_anew(jump: float) -> None:
    stream = [(0.0, 50.0), (0.1, 50.1), (0.2, 50.2 + jump), (0.3, 50.3 + jump)]
    assert _live(stream, stamped=True) == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_a_camera_whose_clock_drifts_stays_within_a_second_of_ours() -> None:
    stream: list[tuple[float, float | None]] = [(i / 10, 1.01 * i / 10) for i in range(5000)]
    times = _live(stream, stamped=True)
    assert max(abs(t - i / 10) for i, t in enumerate(times)) <= 1.01
    assert all(b > a for a, b in pairwise(times))


def test_invented_timestamps_are_ignored() -> None:
    stream = [(0.0, 0.0), (0.5, 0.04), (1.0, None)]
    assert _live(stream, stamped=False) == pytest.approx([0.0, 0.5, 1.0])
