"""What is seen in a mask does not exist."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from tally.counting import Anchor, CountingEngine, Detections, Mask, Zone
from tests.unit.counting.scenes import ACROSS, FRAME, seen, walk, watch

MIRROR = ((0.6, 0.4), (0.8, 0.4), (0.8, 0.6), (0.6, 0.6))
ALL = Zone("all", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def tracked(mask: Mask, *feet: tuple[float, float]) -> int:
    """How many of the people who stand at `feet` become tracks."""
    engine = CountingEngine(masks=[mask], frame_size=FRAME)
    return max(len(result.tracks.ids) for result in watch(engine, [seen(*feet)] * 10))


def test_whoever_stands_in_a_mask_is_ignored() -> None:
    assert tracked(Mask(MIRROR), (0.7, 0.5), (0.3, 0.5)) == 1


@pytest.mark.parametrize(
    ("anchor", "people"), [(Anchor.FOOT, 1), (Anchor.CENTRE, 0), (Anchor.HEAD, 0)]
)
def test_the_anchor_decides_who_is_in_a_mask(anchor: Anchor, people: int) -> None:
    assert tracked(Mask(MIRROR, anchor), (0.7, 0.62)) == people


def test_crossings_under_a_mask_do_not_count() -> None:
    over_the_line = Mask(((0.3, 0.3), (0.7, 0.3), (0.7, 0.45), (0.3, 0.45)))
    masked, free = (walk((0.35, y), (0.65, y)) for y in (0.4, 0.6))
    engine = CountingEngine(lines=[ACROSS], masks=[over_the_line], frame_size=FRAME)

    frames = [seen(*feet) for feet in zip(masked, free, strict=True)]

    assert sum(len(result.crossings) for result in watch(engine, frames)) == 1


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_a_mask_does_what_leaving_out_its_detections_does(seed: int) -> None:
    random = default_rng(seed)
    feet = random.uniform(0.2, 0.8, (6, 2)) + np.cumsum(random.normal(0, 0.004, (40, 6, 2)), axis=0)
    left, top, right, bottom = 0.3, 0.3, 0.6, 0.7
    mask = Mask(((left, top), (right, top), (right, bottom), (left, bottom)))
    frames = [seen(*map(tuple, each)) for each in feet.tolist()]

    def outside(frame: Detections) -> Detections:
        x, y = (frame.boxes[:, 0] + frame.boxes[:, 2]) / 2, frame.boxes[:, 3]
        keep = ~((x > left) & (x < right) & (y > top) & (y < bottom))
        return Detections(frame.boxes[keep], frame.scores[keep], frame.classes[keep])

    masked = CountingEngine(lines=[ACROSS], zones=[ALL], masks=[mask], frame_size=FRAME)
    plain = CountingEngine(lines=[ACROSS], zones=[ALL], frame_size=FRAME)
    for one, other in zip(watch(masked, frames), watch(plain, map(outside, frames)), strict=True):
        np.testing.assert_array_equal(one.tracks.boxes, other.tracks.boxes)
        assert (one.crossings, one.visits, one.occupancy) == (
            other.crossings,
            other.visits,
            other.occupancy,
        )


def test_a_mask_that_encloses_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="mask encloses no area"):
        Mask(((0.1, 0.1), (0.5, 0.5), (0.9, 0.9)))
