"""The heat map: seconds of presence in the cells of a grid."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tally.counting import CountingEngine, FrameResult
from tally.counting.heat import COLUMNS, ROWS
from tests.unit.counting.scenes import FRAME, STEP_S, of_one, seen, walk, watch
from tests.unit.counting.test_properties import wander


def heat(results: Iterable[FrameResult]) -> Counter[int]:
    """Milliseconds by cell, over all that was told."""
    told: Counter[int] = Counter()
    for result in results:
        if result.heat is not None:
            pairs = zip(result.heat.cells.tolist(), result.heat.milliseconds.tolist(), strict=True)
            told.update(dict(pairs))
    return told


def cell(x: float, y: float) -> int:
    return int(y * ROWS) * COLUMNS + int(x * COLUMNS)


def engine() -> CountingEngine:
    return CountingEngine(frame_size=FRAME)


def test_who_stands_warms_the_cell_under_the_feet() -> None:
    told = heat(watch(engine(), [seen((0.3, 0.5))] * 51))
    assert told == {cell(0.3, 0.5): 5000}


def test_every_second_of_every_track_is_somewhere() -> None:
    told = heat(watch(engine(), of_one(walk((0.1, 0.5), (0.9, 0.5), 80))))
    assert told.total() == pytest.approx(8000, abs=len(told))
    columns = sorted({each % COLUMNS for each in told})
    assert columns == list(range(columns[0], columns[-1] + 1))
    assert {each // COLUMNS for each in told} == {int(0.5 * ROWS)}


def test_two_in_one_place_warm_it_twice() -> None:
    told = heat(watch(engine(), [seen((0.31, 0.5), (0.36, 0.5))] * 51))
    assert told.total() == 10_000


def test_nobody_warms_nothing() -> None:
    assert not heat(watch(engine(), [seen()] * 700))
    assert not heat(watch(engine(), [seen((0.3, 0.5))] * 2))


def test_a_time_out_of_sight_is_not_spent_where_somebody_comes_back() -> None:
    frames = [*[seen((0.3, 0.5))] * 11, *[seen()] * 18, *[seen((0.3, 0.5))] * 11]
    told = heat(watch(engine(), frames))
    # A second before, a second after, and of 1.9 s out of sight no more than one.
    assert told == {cell(0.3, 0.5): 3000}


def test_it_is_told_once_a_minute_and_at_the_end() -> None:
    told = [result.heat is not None for result in watch(engine(), [seen((0.3, 0.5))] * 1300)]
    # Times that are added up are not exact.
    assert [round(k, -1) for k, one in enumerate(told) if one] == [600, 1200, 1300]


def test_feet_outside_the_picture_are_at_its_edge() -> None:
    told = heat(watch(engine(), [seen((0.5, 1.02))] * 21))
    assert told == {cell(0.5, 1 - 1e-9): 2000}


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(1, 59))
def test_splitting_a_stream_changes_nothing(seed: int, split: int) -> None:
    frames = wander(seed, frames=60).frames
    whole = heat(watch(engine(), frames))
    first, second = engine(), engine()
    results = [first.update(k * STEP_S, frame) for k, frame in enumerate(frames[:split])]
    second.restore(first.save())
    results += [
        second.update(k * STEP_S, frame) for k, frame in enumerate(frames[split:], start=split)
    ]
    results.append(second.finish(len(frames) * STEP_S))
    assert heat(results) == whole


def test_what_is_left_of_a_millisecond_is_told_later() -> None:
    counting, step_s = engine(), 1 / 7
    results = [counting.update(k * step_s, seen((0.3, 0.5))) for k in range(1500)]
    told = heat([*results, counting.finish(1500 * step_s)])
    assert sum(result.heat is not None for result in results) == 3
    assert abs(told.total() - 1499 * step_s * 1000) <= 0.5
