"""A camera counts in its hours and rests outside of them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.worker.agent import runner as runner_module
from tally.worker.agent.runner import CameraRunner
from tally.worker.agent.schedule import Schedule, Span
from tally.worker.agent.status import StreamState
from tests.unit.worker.agent.scenes import WalkSource, task
from tests.unit.worker.agent.test_runner import World, until

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MORNING = Schedule(ZoneInfo("UTC"), (Span(1, 9 * 60, 10 * 60), Span(2, 9 * 60, 24 * 60)))


@pytest.mark.parametrize(
    ("hours", "counts"), [(8.99, False), (9, True), (9.99, True), (10, False), (33, True)]
)
def test_hours_begin_and_end_on_the_minute(hours: float, *, counts: bool) -> None:
    assert MORNING.counts_at(MONDAY + timedelta(hours=hours)) is counts


def test_midnight_ends_a_day_and_the_next_may_go_on() -> None:
    night = Schedule(BERLIN, (Span(5, 22 * 60, 1440), Span(6, 0, 2 * 60)))
    friday_22 = datetime(2026, 1, 9, 22, tzinfo=BERLIN)
    assert night.change_after(friday_22) == friday_22 + timedelta(hours=4)


def test_clocks_decide_when_they_are_put_forward_and_back() -> None:
    sunday = Schedule(BERLIN, (Span(7, 150, 240),))
    # On 29 March 2026 clocks go from 02:00 to 03:00: of 02:30 to 04:00 an hour is left.
    began = sunday.change_after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert began == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert sunday.change_after(began) == began + timedelta(hours=1)
    # On 25 October they show 02:30 twice: it goes on, rests for half an hour, and goes on.
    began = sunday.change_after(datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert began == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    rests = sunday.change_after(began)
    assert rests == began + timedelta(minutes=30)
    again = sunday.change_after(rests)
    assert again == rests + timedelta(minutes=30)
    assert sunday.change_after(again) == again + timedelta(minutes=90)


def test_who_always_counts_never_changes() -> None:
    always = Schedule(BERLIN, tuple(Span(day, 0, 1440) for day in range(1, 8)))
    assert always.change_after(MONDAY) is None


spans = st.builds(
    lambda day, a, b: Span(day, min(a, b), max(a, b) + 1),
    st.integers(1, 7), st.integers(0, 1439), st.integers(0, 1439),
)  # fmt: skip


@given(
    st.lists(spans, min_size=1, max_size=3),
    st.integers(0, 365 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
)
def test_it_stays_as_it_is_until_it_changes(found: list[Span], moment: datetime) -> None:
    schedule = Schedule(BERLIN, tuple(found))
    change = schedule.change_after(moment)
    if change is None:
        change = moment + timedelta(days=7)
    else:
        assert schedule.counts_at(change) is not schedule.counts_at(moment)
    steps = (change - moment) / 50
    assert {schedule.counts_at(moment + k * steps) for k in range(50)} == {
        schedule.counts_at(moment)
    }


class Clock:
    """A clock that goes at its pace and can be put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, start: datetime) -> None:
        self._start, self._since = start, time.monotonic()
        monkeypatch.setattr(runner_module, "utc_now", self)
        monkeypatch.setattr(runner_module, "_LOOK_AGAIN", timedelta(milliseconds=10))

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._since)

    def put_to(self, moment: datetime) -> None:
        self._start, self._since = moment, time.monotonic()


async def test_a_camera_rests_outside_its_hours_and_settles_what_it_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, lambda _: WalkSource(live=True, linger=True))
    clock = Clock(monkeypatch, MONDAY + timedelta(hours=8))
    runner = CameraRunner(task(schedule=MORNING), world.surroundings)
    runner.start()
    await until(runner, StreamState.RESTING)
    assert runner.status.reason == "its hours begin on Monday at 09:00 (UTC)"
    assert not world.records
    clock.put_to(MONDAY + timedelta(hours=10, seconds=-1))
    await until(runner, StreamState.STREAMING)
    await until(runner, StreamState.RESTING)
    assert runner.status.reason == "its hours begin on Tuesday at 09:00 (UTC)"
    counted = runner.status.figures.frames_processed
    assert sum(record.frames_processed for record in world.records) == counted > 0
    assert world.records[-1].occupancies[0].count == 0
    clock.put_to(MONDAY + timedelta(hours=34))
    await until(runner, StreamState.STREAMING)
    await runner.stop()
    assert len({record.run_id for record in world.records}) == 2


async def test_a_recording_is_counted_at_any_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clip.mp4").touch()
    world = World(tmp_path / "disk", lambda _: WalkSource())
    Clock(monkeypatch, MONDAY)
    recording = task(schedule=MORNING, uri=(tmp_path / "clip.mp4").as_uri())
    runner = CameraRunner(recording, world.surroundings)
    runner.start()
    async with asyncio.timeout(10):
        await until(runner, StreamState.ENDED)
    await runner.stop()
    assert sum(record.frames_processed for record in world.records) == 50
