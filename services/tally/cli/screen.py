"""Draws the state of a running mesh: a live table in a terminal, plain lines elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from rich.box import SIMPLE_HEAD
from rich.console import Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tally.api.camera.v1 import stream_pb2
from tally.cli.watch import CameraView, LineView
from tally.stack.mesh import PartStatus
from tally.stack.process import State

_STATE_STYLE: dict[State, str] = {
    "stopped": "dim",
    "starting": "yellow",
    "serving": "green",
    "down": "bold red",
}
_STREAM_TEXT = {
    stream_pb2.STREAM_STATE_UNSPECIFIED: ("waiting for a worker", "yellow"),
    stream_pb2.STREAM_STATE_CONNECTING: ("connecting", "yellow"),
    stream_pb2.STREAM_STATE_STREAMING: ("streaming", "green"),
    stream_pb2.STREAM_STATE_UNREACHABLE: ("unreachable", "bold red"),
    stream_pb2.STREAM_STATE_ENDED: ("ended", "cyan"),
    stream_pb2.STREAM_STATE_RESTING: ("resting", "cyan"),
}
_JUSTIFY: tuple[JustifyMethod, ...] = ("left", "right", "right", "right")
_COLUMN_STYLE = ("", "", "cyan", "dim")


def screen(parts: Sequence[PartStatus], cameras: Iterable[CameraView], hint: str) -> RenderableType:
    """Everything at once, for a live display."""
    return Group(_parts_table(parts), *_camera_blocks(list(cameras)), Text(hint, style="dim"))


def plain_lines(parts: Sequence[PartStatus], cameras: Iterable[CameraView]) -> list[str]:
    """The same in one line for the mesh and one for each camera."""
    serving = sum(part.state == "serving" for part in parts)
    troubled = [f"{part.name} {part.state}" for part in parts if part.state != "serving"]
    lines = [f"mesh: {serving}/{len(parts)} serving" + "".join(f", {text}" for text in troubled)]
    for camera in cameras:
        state, _ = _stream_state(camera)
        counts = ", ".join(f"{name}: {_line_text(line)}" for name, line in camera.lines.items())
        people = ", ".join(
            f"{name}: {zone.people} inside" + _truth_text(zone.true_people)
            for name, zone in camera.zones.items()
        )
        figures = "; ".join(
            text
            for text in (f"{camera.status.frames_per_second:.1f} frames/s", counts, people)
            if text
        )
        lines.append(f"{camera.name}: {state}, {figures}")
    return lines


def _parts_table(parts: Sequence[PartStatus]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("service")
    table.add_column("health")
    table.add_column("address")
    table.add_column("pid", justify="right")
    table.add_column("memory", justify="right")
    table.add_column("")
    for part in parts:
        table.add_row(
            part.name,
            Text(f"● {part.state}", style=_STATE_STYLE[part.state]),
            part.address,
            "" if part.pid is None else str(part.pid),
            "" if part.memory_bytes is None else f"{part.memory_bytes / 1e6:.0f} MB",
            Text(f"restarted {part.restarts}×" if part.restarts else "", style="yellow"),
        )
    return table


def _camera_blocks(cameras: Sequence[CameraView]) -> Iterator[RenderableType]:
    """How each camera does, and below it a row for each of its lines and zones; columns stand under one another."""
    rows = [list(_place_rows(camera)) for camera in cameras]
    header = ("", "this run", "true", "stored in all")
    widths = [
        max(len(row[column]) for row in (header, *chain.from_iterable(rows)))
        for column in range(len(header))
    ]
    for number, (camera, places) in enumerate(zip(cameras, rows, strict=True)):
        table = Table.grid(padding=(0, 3))
        for width, justify, style in zip(widths, _JUSTIFY, _COLUMN_STYLE, strict=True):
            table.add_column(min_width=width, justify=justify, style=style)
        if number == 0:
            table.add_row(*header, style="bold")
        for row in places:
            table.add_row(*row)
        yield from (_camera_line(camera), Padding(table, (0, 0, 1, 2)))


def _camera_line(camera: CameraView) -> Text:
    state, style = _stream_state(camera)
    detector = camera.detector or camera.status.detector
    line = Text.assemble(" ", (camera.name, "bold"), "  ", (f"● {state}", style))
    if camera.status.state == stream_pb2.STREAM_STATE_STREAMING:
        line.append(f"  {camera.status.frames_per_second:.1f} frames/s")
        sees = f"{detector} (sees objects)" if detector == "motion" else detector
        line.append(f"  {sees}", style="dim")
    return line


def _place_rows(camera: CameraView) -> Iterator[tuple[str, str, str, str]]:
    for name, line in camera.lines.items():
        yield (
            f"line {name}",
            _both_ways(line, line.in_count, line.out_count),
            "" if line.true_in is None else _both_ways(line, line.true_in, line.true_out or 0),
            _both_ways(line, line.stored_in, line.stored_out),
        )
    for name, zone in camera.zones.items():
        yield (
            f"zone {name}",
            f"{zone.people} inside",
            "" if zone.true_people is None else f"{zone.true_people} inside",
            "",
        )


def _stream_state(camera: CameraView) -> tuple[str, str]:
    if not camera.active:
        return "inactive", "dim"
    text, style = _STREAM_TEXT[camera.status.state]
    return (f"{text}: {camera.status.reason}" if camera.status.reason else text), style


def _line_text(line: LineView) -> str:
    return (
        f"{line.in_count}{_truth_text(line.true_in)} / {line.out_count}{_truth_text(line.true_out)}"
    )


def _both_ways(line: LineView, inwards: int, outwards: int) -> str:
    return f"{inwards} {line.in_name} {outwards} {line.out_name}"


def _truth_text(truth: int | None) -> str:
    return "" if truth is None else f" (true {truth})"
