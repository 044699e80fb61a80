"""Lines and zones as they are written on the command line."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from math import isfinite
from typing import Annotated, Any, TypeVar

import typer

from tally.api.counting.v1 import geometry_pb2
from tally.counting import Line, Mask, Pair, Zone

Shape = TypeVar("Shape", Line, Zone)
Point = tuple[float, float]

LineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--line",
        metavar="[NAME=]X1,Y1,X2,Y2,…",
        help="A counting line from its first to its last point, relative to the picture: 0,0 is the top "
        "left corner, 1,1 the bottom right one. Seen from the first point looking along the line, left to "
        "right is *in*. `door[entering/leaving]=…` names the directions. May be repeated.",
    ),
]
UTurnOption = Annotated[
    float,
    typer.Option(
        "--u-turn-window",
        metavar="SECONDS",
        min=0,
        max=60,
        help="Whoever comes back over a line within this time counts neither way; 0 counts both ways.",
    ),
]
PairOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pair",
        metavar="LINE,LINE=METRES",
        help="Two lines and how far they are apart: tells how fast things are. May be repeated.",
    ),
]
MaskOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mask",
        metavar="X1,Y1,X2,Y2,X3,Y3,…",
        help="The corners of a polygon in which nothing counts: whoever stands there is ignored. May be repeated.",
    ),
]

ZoneOption = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        metavar="[NAME=]X1,Y1,X2,Y2,X3,Y3,…",
        help="The corners of a polygon in which presence is counted. May be repeated.",
    ),
]
QueueOption = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        metavar="ZONE",
        help="A zone in which people wait: tells how long whoever joins it will wait. May be repeated.",
    ),
]
RestrictedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--restricted",
        metavar="ZONE",
        help="A zone in which nobody may be: each entry is told as an intrusion. May be repeated.",
    ),
]
LoiteringOption = Annotated[
    list[str] | None,
    typer.Option(
        "--loitering",
        metavar="ZONE=SECONDS",
        help="Whoever stays in the zone for longer is told of. May be repeated.",
    ),
]

_DIRECTIONS = re.compile(r"(.*)\[([^/\]]+)/([^/\]]+)\]\s*")


def parse_lines(texts: Sequence[str], u_turn_s: float = 0.0) -> list[Line]:
    """Lines from `[NAME[IN/OUT]=]X1,Y1,X2,Y2,…`; those without a name are called by their number.

    `IN` and `OUT`, in square brackets, are what the directions are called.

    Args:
        texts: As they were written.
        u_turn_s: Of all lines.

    Raises:
        typer.BadParameter: One is malformed, outside the picture, without length, or named like another.
    """

    def line(name: str, points: Sequence[Point]) -> Line:
        made = Line(name, tuple(points), u_turn_s=u_turn_s)
        if named := _DIRECTIONS.fullmatch(name):
            bare, in_name, out_name = map(str.strip, named.groups())
            made = replace(made, name=bare, in_name=in_name, out_name=out_name)
        return made

    return _parse(texts, "--line", "line", line)


def with_pairs(lines: Sequence[Line], texts: Sequence[str]) -> list[Line]:
    """The lines, the first of each pair `LINE,LINE=METRES` naming the second.

    Raises:
        typer.BadParameter: A pair is malformed, or is not of two lines that are in no other.
    """
    made = {line.name: line for line in lines}
    alone = set(made)
    for text in texts:
        try:
            first, second, metres = _pair(text, alone)
            made[first] = replace(made[first], pair=Pair(second, metres))
        except ValueError as error:
            raise typer.BadParameter(f"{text!r}: {error}", param_hint="--pair") from None
        alone -= {first, second}
    return list(made.values())


def _pair(text: str, names: Collection[str]) -> tuple[str, str, float]:
    both, _, metres = text.rpartition("=")
    parts = both.split(",")
    for cut in range(1, len(parts)):  # a name may hold a comma
        first, second = ",".join(parts[:cut]).strip(), ",".join(parts[cut:]).strip()
        if first in names and second in names and first != second:
            return first, second, float(metres)
    raise ValueError("name two lines that are in no other pair: door,gate=4.5")


def line_to_proto(line: Line) -> geometry_pb2.Line:
    """The line as the contract has it."""
    message = geometry_pb2.Line(name=line.name)
    if (line.in_name, line.out_name) != ("in", "out"):
        message.in_name, message.out_name = line.in_name, line.out_name
    points = [geometry_pb2.Point(x=x, y=y) for x, y in line.points]
    if len(points) == 2:
        message.start.CopyFrom(points[0])
        message.end.CopyFrom(points[1])
    else:
        message.points.extend(points)
    if line.u_turn_s:
        message.u_turn_window.FromTimedelta(timedelta(seconds=line.u_turn_s))
    if line.pair:
        message.pair.line, message.pair.distance_m = line.pair.line, line.pair.metres
    return message


def parse_zones(texts: Sequence[str]) -> list[Zone]:
    """Zones from `[NAME=]X1,Y1,X2,Y2,X3,Y3,…`.

    Raises:
        typer.BadParameter: One is malformed, outside the picture, not a simple polygon, or named like another.
    """
    return _parse(texts, "--zone", "zone", _zone)


def with_duties(
    zones: Sequence[Zone],
    queues: Sequence[str],
    restricted: Sequence[str],
    loitering: Sequence[str],
) -> list[Zone]:
    """The zones, with what is to be told of each.

    Args:
        zones: The zones.
        queues: Names of those in which people wait.
        restricted: Names of those in which nobody may be.
        loitering: `NAME=SECONDS` of those in which nobody should stay for longer.

    Raises:
        typer.BadParameter: There is no such zone, or the time is no time.
    """
    made = {zone.name: zone for zone in zones}

    def change(name: str, option: str, **duty: Any) -> None:
        if name not in made:
            raise typer.BadParameter(
                f"there is no zone {name!r}: draw it with --zone {name}=…", param_hint=option
            )
        try:
            made[name] = replace(made[name], **duty)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from None

    for name in queues:
        change(name, "--queue", queue=True)
    for name in restricted:
        change(name, "--restricted", restricted=True)
    for text in loitering:
        name, _, seconds = text.rpartition("=")
        try:
            after_s = float(seconds)
        except ValueError:
            raise typer.BadParameter(
                f"{text!r}: name a zone and seconds, as in gate=60", param_hint="--loitering"
            ) from None
        change(name, "--loitering", loitering_s=after_s)
    return list(made.values())


def zone_to_proto(zone: Zone) -> geometry_pb2.Zone:
    """The zone as the contract has it."""
    message = geometry_pb2.Zone(
        name=zone.name,
        polygon=[geometry_pb2.Point(x=x, y=y) for x, y in zone.polygon],
        queue=zone.queue,
        restricted=zone.restricted,
    )
    if isfinite(zone.loitering_s):
        message.loitering_after.FromTimedelta(timedelta(seconds=zone.loitering_s))
    return message


def parse_masks(texts: Sequence[str], option: str = "--mask") -> list[Mask]:
    """Masks from `X1,Y1,X2,Y2,X3,Y3,…`.

    Raises:
        typer.BadParameter: One is malformed, outside the picture, or not a simple polygon.
    """
    masks = []
    for text in texts:
        try:
            masks.append(Mask(tuple(_points(text))))
        except ValueError as error:
            raise typer.BadParameter(f"{text!r}: {error}", param_hint=option) from None
    return masks


def mask_to_proto(mask: Mask) -> geometry_pb2.Mask:
    """The mask as the contract has it."""
    return geometry_pb2.Mask(polygon=[geometry_pb2.Point(x=x, y=y) for x, y in mask.polygon])


def _zone(name: str, points: Sequence[Point]) -> Zone:
    return Zone(name, tuple(points))


def _parse(
    texts: Sequence[str],
    option: str,
    kind: str,
    make: Callable[[str, Sequence[Point]], Shape],
) -> list[Shape]:
    shapes: list[Shape] = []
    for number, text in enumerate(texts, 1):
        name, separator, coordinates = text.rpartition("=")
        if not separator:
            name = f"{kind} {number}"
        try:
            shapes.append(make(name.strip(), _points(coordinates)))
        except ValueError as error:
            raise typer.BadParameter(f"{text!r}: {error}", param_hint=option) from None
    names = [shape.name for shape in shapes]
    for name in names:
        if not name or names.count(name) > 1:
            raise typer.BadParameter(
                f"each {kind} needs a name of its own, {name!r} is none", param_hint=option
            )
    return shapes


def _points(text: str) -> list[Point]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError("coordinates are numbers with commas between them: 0.5,0,0.5,1") from None
    if len(numbers) % 2:
        raise ValueError("coordinates come in pairs: x,y")
    if not all(0 <= number <= 1 for number in numbers):
        raise ValueError("coordinates are relative to the picture, from 0 to 1")
    return list(zip(numbers[::2], numbers[1::2], strict=True))
