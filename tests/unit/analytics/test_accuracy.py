"""The figures of accuracy are the textbook's."""

import pytest

from tally.analytics.domain.accuracy import CheckedSample, Proportion, accuracy
from tally.analytics.domain.model import Direction

IN, OUT = ("door", Direction.IN), ("door", Direction.OUT)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 1 - 0.1611, 1.0),
    ],
)
def test_a_share_has_wilsons_interval(
    successes: int, trials: int, lower: float, upper: float
) -> None:
    assert Proportion(successes, trials).interval == pytest.approx((lower, upper), abs=5e-5)


def test_a_miss_and_an_invention_cancel_within_a_cell_alone() -> None:
    samples = [
        CheckedSample({IN: 4, OUT: 2}, {IN: 3, OUT: 3}),
        CheckedSample({IN: 1, OUT: 0}, {IN: 1}),
    ]
    whole = accuracy(samples, [IN, OUT])
    assert (whole.true, whole.counted, whole.absolute_error, whole.matched) == (7, 7, 2, 6)
    assert whole.recall == Proportion(6, 7)
    assert whole.precision == Proportion(6, 7)
    inwards = accuracy(samples, [IN])
    assert (inwards.recall, inwards.precision) == (Proportion(4, 5), Proportion(4, 4))


def test_the_count_ratio_is_as_sure_as_samples_are_alike() -> None:
    # By hand: ratio 9/10; residues 0.1, -0.7 and 0.6; sqrt(3/2 * 0.86) / 10.
    samples = [
        CheckedSample({IN: true}, {IN: counted}) for true, counted in [(1, 1), (3, 2), (6, 6)]
    ]
    ratio = accuracy(samples, [IN]).count_ratio
    assert ratio is not None
    assert ratio.value == pytest.approx(0.9)
    assert ratio.standard_error == pytest.approx(0.113578, abs=1e-6)
    alone = accuracy(samples[:1], [IN]).count_ratio
    assert alone is not None
    assert alone.standard_error is None


def test_where_nobody_went_there_are_no_shares() -> None:
    nothing = accuracy([CheckedSample({IN: 0}, {})], [IN])
    assert (nothing.recall, nothing.precision, nothing.count_ratio) == (None, None, None)
    invented = accuracy([CheckedSample({IN: 0}, {IN: 2})], [IN])
    assert (invented.recall, invented.precision) == (None, Proportion(0, 2))


def test_a_sample_has_none_of_another_audits_lines() -> None:
    other = CheckedSample({("gate", Direction.IN): 5}, {IN: 7})
    assert accuracy([other], [IN]).counted == 0
