"""`tally models`: the detectors' weights."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from tally.cli.failing import failing_clearly
from tally.cli.showing import console
from tally.stack.folder import DataFolder
from tally.stack.models import PUBLISHED, InstalledModel, ModelStore

models = typer.Typer(
    help="Detectors' weights. Without any, cameras use `motion`, which needs none and sees objects, not people.",
    no_args_is_help=True,
)

Data = Annotated[Path, typer.Option("--data", help="Data folder of the stack.")]
DEFAULT_DATA = Path(".tally")


@models.command("list")
def list_models(data: Data = DEFAULT_DATA) -> None:
    """Show what is installed and what can be fetched."""
    installed = ModelStore(DataFolder(data)).installed()
    table = Table()
    for heading in ("detector", "input", "classes", "size", "SHA-256"):
        table.add_column(heading)
    table.add_row("motion", "any", "object", "", "comes with Tally")
    for model in installed:
        table.add_row(
            model.name,
            f"{model.width}×{model.height}",
            str(len(model.classes)),
            f"{model.bytes / 1e6:.1f} MB",
            model.sha256[:16],
        )
    Console().print(table)
    missing = sorted(PUBLISHED.keys() - {model.name for model in installed})
    if missing:
        console.print(f"can be fetched: {', '.join(missing)}", style="dim")


@models.command()
def fetch(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(PUBLISHED)}.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Download published weights, check them, install them."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    )
    with failing_clearly(), bar:
        task = bar.add_task(name, total=None)
        model = asyncio.run(
            ModelStore(DataFolder(data)).fetch(
                name, lambda received, length: bar.update(task, completed=received, total=length)
            )
        )
        _tell(model)


@models.command()
def add(
    file: Annotated[Path, typer.Argument(help="A YOLOX ONNX export, nano to x.")],
    name: Annotated[str | None, typer.Option(help="What to call the detector.")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Install weights from a file, after checking that inputs and outputs fit."""
    with failing_clearly():
        _tell(asyncio.run(ModelStore(DataFolder(data)).add(file, name)))


@models.command()
def remove(
    name: Annotated[str, typer.Argument(help="An installed detector.")], data: Data = DEFAULT_DATA
) -> None:
    """Uninstall weights."""
    with failing_clearly():
        ModelStore(DataFolder(data)).remove(name)


def _tell(model: InstalledModel) -> None:
    console.print(
        f"installed {model.name}: {model.width}×{model.height}, {len(model.classes)} classes, "
        f"SHA-256 {model.sha256}\na running mesh serves it after its next start",
        highlight=False,
    )
