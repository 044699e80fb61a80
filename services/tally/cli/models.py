"""`tally models`: the detectors' weights."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from tally.api.camera.v1 import ai_model_service_pb2
from tally.api.camera.v1.ai_model_service_pb2_grpc import AiModelServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, show_json, show_table
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
def status(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show which models the workers of a running mesh have, how long they take, and how many cameras use them."""
    with failing_clearly():
        asyncio.run(_status(gateway, as_json=as_json))


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
    licence: Annotated[
        str, typer.Option(help="Under which the weights are used, such as Apache-2.0.")
    ] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Install weights from a file, after checking that inputs and outputs fit."""
    with failing_clearly():
        _tell(asyncio.run(ModelStore(DataFolder(data)).add(file, name, licence)))


@models.command()
def remove(
    name: Annotated[str, typer.Argument(help="An installed detector.")], data: Data = DEFAULT_DATA
) -> None:
    """Uninstall weights."""
    with failing_clearly():
        ModelStore(DataFolder(data)).remove(name)


async def _status(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        stub = AiModelServiceStub(channel)
        found = (await stub.ListAiModels(ai_model_service_pb2.ListAiModelsRequest())).models
    if as_json:
        show_json(found)
        return
    if not found:
        console.print("no worker has said which models it has: one does within a minute")
        return
    show_table(
        ["detector", "cameras", "worker", "version", "licence", "SHA-256", "ms p50 / p99"],
        [
            (model.name, str(model.camera_count), *_installed(installation))
            for model in found
            for installation in model.installations
        ],
    )
    for model in found:
        if model.differing:
            console.print(
                f"{model.name} has other weights on some workers: install the same on all"
            )


def _installed(installation: ai_model_service_pb2.ModelInstallation) -> tuple[str, ...]:
    model, latency = installation.model, installation.model.latency
    return (
        installation.worker_name,
        model.version,
        model.licence,
        model.weights_sha256[:16],
        f"{latency.p50_ms:.1f} / {latency.p99_ms:.1f}" if model.HasField("latency") else "",
    )


def _tell(model: InstalledModel) -> None:
    console.print(
        f"installed {model.name}: {model.width}×{model.height}, {len(model.classes)} classes, "
        f"SHA-256 {model.sha256}\na running mesh serves it after its next start",
        highlight=False,
    )
