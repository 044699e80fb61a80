"""Lines and zones as they are written on the command line."""

import pytest
import typer

from tally.cli.shapes import parse_lines, parse_zones
from tally.counting import Line, Zone


def test_a_line_has_a_name_or_a_number() -> None:
    assert parse_lines(["0,0.25,1,0.75", "the door = 0.5,0,0.5,1", " 0.1 , 0 ,0.2, 1"]) == [
        Line("line 1", ((0, 0.25), (1, 0.75))),
        Line("the door", ((0.5, 0), (0.5, 1))),
        Line("line 3", ((0.1, 0), (0.2, 1))),
    ]


def test_a_line_may_have_corners_and_names_for_its_directions() -> None:
    assert parse_lines(["door [entering / leaving] = 0,0,0.5,0.5,1,0", "a[b]=0,0,1,1"], 2.5) == [
        Line(
            "door",
            ((0, 0), (0.5, 0.5), (1, 0)),
            in_name="entering",
            out_name="leaving",
            u_turn_s=2.5,
        ),
        Line("a[b]", ((0, 0), (1, 1)), u_turn_s=2.5),
    ]


def test_a_name_may_hold_an_equals_sign() -> None:
    assert parse_lines(["a=b=0,0,1,1"])[0].name == "a=b"


def test_a_zone_is_a_polygon() -> None:
    assert parse_zones(["0,0,1,0,1,1", "yard=0,0,0.5,0,0.5,0.5,0,0.5"]) == [
        Zone("zone 1", ((0, 0), (1, 0), (1, 1))),
        Zone("yard", ((0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5))),
    ]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ([""], "numbers with commas"),
        (["door"], "numbers with commas"),
        (["door="], "numbers with commas"),
        (["0,0,1,x"], "numbers with commas"),
        (["0,0,1"], "pairs"),
        (["0,0,1,1,0.5,0.5"], "crosses itself"),
        (["0,0"], "draw two"),
        (["0,0,1,1.01"], "from 0 to 1"),
        (["-0.1,0,1,1"], "from 0 to 1"),
        (["nan,0,1,1"], "from 0 to 1"),
        (["inf,0,1,1"], "from 0 to 1"),
        (["0.3,0.3,0.3,0.3"], "no length"),
        (["=0,0,1,1"], "name of its own"),
        (["door=0,0,1,1", "door=0,1,1,0"], "'door'"),
        (["line 2=0,0,1,1", "0,1,1,0"], "'line 2'"),
    ],
)
def test_refuses_a_line_that_is_none(texts: list[str], reason: str) -> None:
    with pytest.raises(typer.BadParameter, match=reason) as caught:
        parse_lines(texts)
    assert caught.value.param_hint == "--line"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["0,0,1,1"], "corners"),
        (["0,0,1,1,1,0,0.2,0.9"], "cross"),
        (["0,0,0.5,0.5,1,1"], "area|line"),
        (["a=0,0,1,0,1,1", "a=0,0,1,0,0,1"], "'a'"),
    ],
)
def test_refuses_a_zone_that_is_none(texts: list[str], reason: str) -> None:
    with pytest.raises(typer.BadParameter, match=reason) as caught:
        parse_zones(texts)
    assert caught.value.param_hint == "--zone"
