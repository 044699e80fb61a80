"""How busy a camera keeps a worker."""

import pytest

from tally.worker.domain.load import USUAL_RATE, Costs, frames_wanted


@pytest.mark.parametrize(
    ("most", "promised", "wanted"),
    [(0, 25, 25), (5, 25, 5), (30, 25, 25), (0, 0, USUAL_RATE), (2, 0, 2)],
)
def test_a_camera_wants_what_its_stream_brings_and_its_configuration_allows(
    most: float, promised: float, wanted: float
) -> None:
    assert frames_wanted(most, promised) == wanted


def test_load_is_the_part_of_its_time_that_a_camera_takes() -> None:
    assert Costs([]).load(10, "net", {"net": 40.0}) == pytest.approx(0.4)


def test_who_has_not_measured_is_as_the_others() -> None:
    costs = Costs([{"net": 10.0}, {"net": 30.0}, {"net": 90.0}, {}])
    assert costs.load(10, "net", {}) == pytest.approx(0.3)
    assert costs.load(10, "unknown", {"net": 30.0}) == 0.0


def test_a_worker_that_may_choose_takes_its_dearest_detector() -> None:
    costs = Costs([])
    assert costs.load(10, "", {"motion": 2.0, "net": 40.0}) == pytest.approx(0.4)
    assert costs.load(10, "", {}) == 0.0
