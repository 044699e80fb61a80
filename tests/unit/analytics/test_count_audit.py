"""Samples are of the busy and the quiet, and what people counted stays theirs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tally.analytics.domain.count_audit import ManualCount, Sample, Window, draw_samples
from tally.analytics.domain.errors import CountedByAnother, LinesMismatch, TooLittleWatched
from tally.analytics.domain.model import Direction
from tally.analytics.domain.timespan import TimeSpan

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COUNT = ManualCount({("door", Direction.IN): 2, ("door", Direction.OUT): 0}, "user:ann", NOON)


def window(number: int, crossings: int) -> Window:
    start = NOON + number * MINUTE
    return Window(TimeSpan(start, start + MINUTE), crossings)


def test_each_stratum_of_busyness_is_sampled_once_and_the_order_does_not_tell_which() -> None:
    windows = [window(number, crossings=(number * 7) % 60) for number in range(60)]
    busyness = {each.span: each.crossings for each in windows}
    orders = set()
    for seed in range(20):
        samples = draw_samples(windows, 6, seed)
        assert samples == draw_samples(windows[::-1], 6, seed)
        assert [sample.number for sample in samples] == [1, 2, 3, 4, 5, 6]
        strata = [busyness[sample.span] // 10 for sample in samples]
        assert sorted(strata) == [0, 1, 2, 3, 4, 5]
        assert sorted(samples, key=lambda sample: sample.span.start) == list(samples)
        orders.add(tuple(strata))
    assert len(orders) > 10


def test_all_can_be_drawn_but_no_more() -> None:
    windows = [window(number, 0) for number in range(3)]
    assert {sample.span for sample in draw_samples(windows, 3, 1)} == {w.span for w in windows}
    with pytest.raises(TooLittleWatched) as caught:
        draw_samples(windows, 4, 1)
    assert caught.value.metadata == {"possible_samples": "3"}


def test_a_count_is_a_revision_if_it_differs_and_is_its_own_persons() -> None:
    fresh = Sample(1, window(0, 0).span)
    counted = replace(fresh, revisions=(COUNT,))
    other = replace(COUNT, tallies={**COUNT.tallies, ("door", Direction.OUT): 1})
    assert fresh.add_to(("door",), COUNT)
    assert not counted.add_to(("door",), COUNT)
    assert counted.add_to(("door",), other)
    with pytest.raises(CountedByAnother):
        counted.add_to(("door",), replace(other, principal="user:bob"))
    with pytest.raises(LinesMismatch):
        fresh.add_to(("door", "gate"), COUNT)
