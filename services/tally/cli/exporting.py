"""`tally cameras export`: all cameras in a file, without their credentials."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tally.cli.camera_files import FileFormat, write_rows
from tally.cli.camera_rows import Places, values_of
from tally.cli.cameras import all_cameras
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling

FormatOption = Annotated[
    FileFormat | None,
    typer.Option("--format", help="By default what the file's name ends in; yaml otherwise."),
]


def export_cameras(
    file: Annotated[Path, typer.Argument(help="Where to write; `-` for standard output.")],
    kind: FormatOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Write all cameras into a file that `tally cameras import` reads, here or elsewhere.

    Passwords are in none: the file says which cameras have credentials, and has room to name them.
    """
    with failing_clearly():
        text = asyncio.run(_export(gateway, format_of(file, kind)))
        if file == Path("-"):
            typer.echo(text, nl=False)
        else:
            file.write_text(text, encoding="utf-8")


def format_of(file: Path, named: FileFormat | None) -> FileFormat:
    """How a file is written."""
    return named or (FileFormat.CSV if file.suffix.lower() == ".csv" else FileFormat.YAML)


async def _export(gateway: str, kind: FileFormat) -> str:
    async with calling(gateway) as channel:
        places = await Places.read(channel)
        found = await all_cameras(channel)
    return write_rows([values_of(camera, places) for camera in found], kind)
