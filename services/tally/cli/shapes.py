"""Lines and zones as they are written on the command line."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import typer

from tally.counting import Line, Zone

Shape = TypeVar("Shape", Line, Zone)
Point = tuple[float, float]

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


def parse_zones(texts: Sequence[str]) -> list[Zone]:
    """Zones from `[NAME=]X1,Y1,X2,Y2,X3,Y3,…`.

    Raises:
        typer.BadParameter: One is malformed, outside the picture, not a simple polygon, or named like another.
    """
    return _parse(texts, "--zone", "zone", _zone)


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
