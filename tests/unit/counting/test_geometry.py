"""Lines and zones refuse shapes that cannot count, and say what to mend."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.counting import Line, Zone

SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))


def test_a_line_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'door' has no length somewhere: move its points"):
        Line("door", ((0.5, 0.5), (0.5, 0.5)))


@pytest.mark.parametrize(
    ("points", "mend"),
    [
        (SQUARE[:1], "draw two, or up to 16"),
        (tuple((k / 20, 0.5) for k in range(17)), "draw two, or up to 16"),
        ((*SQUARE[:2], SQUARE[1]), "no length somewhere"),
        (((0.1, 0.1), (0.9, 0.1), (0.2, 0.9), (0.9, 0.8), (0.1, 0.2)), "crosses itself"),
        (((0.1, 0.1), (0.9, 0.1), (0.5, 0.1)), "segments after points 1 and 2 meet"),
        ((*SQUARE, SQUARE[0]), "segments after points 1 and 4 meet"),
    ],
    ids=["one point", "17 points", "point twice", "crossing", "runs back", "closed"],
)
def test_points_that_are_no_line_are_refused(
    points: tuple[tuple[float, float], ...], mend: str
) -> None:
    with pytest.raises(ValueError, match=mend):
        Line("door", points)


def test_a_line_with_collinear_corners_is_fine() -> None:
    Line("door", tuple((k / 20, k / 40) for k in range(16)))


@pytest.mark.parametrize("bad", [-1.0, nan, inf])
def test_a_line_waits_for_some_seconds(bad: float) -> None:
    with pytest.raises(ValueError, match="cannot wait"):
        Line("door", SQUARE[:2], u_turn_s=bad)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_points_must_be_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="'door' has the point"):
        Line("door", ((0.5, bad), (0.5, 0.5)))
    with pytest.raises(ValueError, match="'hall' has the point"):
        Zone("hall", (*SQUARE[:3], (bad, 0.9)))


@pytest.mark.parametrize(
    ("polygon", "mend"),
    [
        (SQUARE[:2], "draw at least three"),
        (((0.1, 0.1), (0.5, 0.5), (0.9, 0.9)), "encloses no area"),
        (((0.1, 0.1), (0.9, 0.1), (0.2, 0.9), (0.9, 0.8)), "crosses itself"),
        (((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.9, 0.1), (0.5, 0.5)), "crosses itself"),
        (((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.1), (0.1, 0.9)), "crosses itself"),
        (((0.1, 0.1), (0.5, 0.1), (0.5, 0.1), (0.9, 0.1), (0.9, 0.9)), "crosses itself"),
    ],
    ids=["two corners", "on one line", "bow tie", "spike", "touches a side", "corner twice"],
)
def test_zones_that_enclose_nothing_clear_are_refused(
    polygon: tuple[tuple[float, float], ...], mend: str
) -> None:
    with pytest.raises(ValueError, match=mend):
        Zone("hall", polygon)


@given(
    st.integers(3, 24),
    st.floats(0.05, 0.5),
    st.lists(st.floats(0.3, 1.0), min_size=24, max_size=24),
)
def test_any_star_around_a_point_is_a_zone(corners: int, size: float, reach: list[float]) -> None:
    from cmath import exp, pi

    points = [size * reach[k] * exp(2j * pi * k / corners) for k in range(corners)]

    Zone("star", tuple((0.5 + point.real, 0.5 + point.imag) for point in points))


def test_collinear_corners_are_fine() -> None:
    Zone("hall", ((0.1, 0.1), (0.5, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)))
