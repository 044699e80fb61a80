"""Lines and zones as they are written on the command line."""

import pytest
import typer

from tally.cli.shapes import (
    line_to_proto,
    mask_to_proto,
    parse_lines,
    parse_masks,
    parse_zones,
    with_duties,
    with_pairs,
    zone_to_proto,
)
from tally.counting import Line, Pair, Zone


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


def test_a_pair_names_two_lines() -> None:
    lines = parse_lines(["door, south=0,0,1,1", "gate=0,1,1,1", "yard=0,0.5,1,0.6"])
    paired = with_pairs(lines, ["gate, door, south = 4.5"])
    assert [line.pair for line in paired] == [None, Pair("door, south", 4.5), None]


@pytest.mark.parametrize(
    "texts",
    [
        ["door,gate"],
        ["door,gate=far"],
        ["door,gate=0"],
        ["door,door=1"],
        ["door,hall=1"],
        ["door,gate=1", "gate,yard=2"],
    ],
    ids=str,
)
def test_refuses_a_pair_that_is_none(texts: list[str]) -> None:
    lines = parse_lines(["door=0,0,1,1", "gate=0,1,1,1", "yard=0,0.5,1,0.6"])
    with pytest.raises(typer.BadParameter) as caught:
        with_pairs(lines, texts)
    assert caught.value.param_hint == "--pair"


def test_a_line_of_the_command_line_is_the_contracts() -> None:
    [plain, full] = with_pairs(
        parse_lines(["door=0,0,1,1", "porch[a/b]=0,1,0.5,0.5,1,1"], 2.5), ["porch,door=4"]
    )
    message = line_to_proto(plain)
    assert (message.name, message.end.x, len(message.points)) == ("door", 1, 0)
    assert (message.in_name, message.out_name) == ("", "")
    message = line_to_proto(full)
    assert (len(message.points), message.HasField("start")) == (3, False)
    assert (message.in_name, message.out_name) == ("a", "b")
    assert message.u_turn_window.ToTimedelta().total_seconds() == 2.5
    assert (message.pair.line, message.pair.distance_m) == ("door", 4)


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


def test_a_mask_is_a_polygon_without_a_name() -> None:
    [mask] = parse_masks(["0,0,1,0,1,0.5"])
    assert [(point.x, point.y) for point in mask_to_proto(mask).polygon] == list(mask.polygon)


def test_refuses_a_mask_that_is_none() -> None:
    with pytest.raises(typer.BadParameter, match="at least three") as caught:
        parse_masks(["0,0,1,0"])
    assert caught.value.param_hint == "--mask"


CORNERS = "0,0,1,0,1,1"


def test_zones_have_duties() -> None:
    zones = with_duties(
        parse_zones([f"till={CORNERS}", f"vault={CORNERS}"]), ["till"], ["vault"], ["till=90"]
    )

    till, vault = map(zone_to_proto, zones)
    assert (till.queue, till.restricted, till.loitering_after.seconds) == (True, False, 90)
    assert (vault.queue, vault.restricted) == (False, True)
    assert not vault.HasField("loitering_after")


@pytest.mark.parametrize(
    "duties",
    [
        (["gate"], [], []),
        ([], ["gate"], []),
        ([], [], ["gate=3"]),
        ([], [], ["till"]),
        ([], [], ["till=soon"]),
        ([], [], ["till=0"]),
    ],
)
def test_duties_that_cannot_be_are_refused(duties: tuple[list[str], list[str], list[str]]) -> None:
    with pytest.raises(typer.BadParameter):
        with_duties(parse_zones([f"till={CORNERS}"]), *duties)
