"""`tally up`: the whole mesh on this machine."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer
from rich.console import Console
from rich.live import Live

from tally.cli.failing import failing_clearly, tell
from tally.cli.gateway import DEFAULT_GATEWAY
from tally.cli.registering import DEMO, NewCamera, ensure_camera
from tally.cli.screen import plain_lines, screen
from tally.cli.watch import CameraView, Watch
from tally.kernel.grpc.client import connect_with_key
from tally.stack.certificates import Certificate, own_certificate
from tally.stack.mesh import FIRST_ADMIN, FIRST_ADMIN_SECRET, Mesh, MeshOptions, PartStatus, running

REFRESH_S = 1.0
PLAIN_PERIOD_S = 5.0

PUBLISHED_ERROR = 0.15
"""Summed |counted − true| per true crossing that the demo may show with `motion`; see docs/accuracy.md."""
START_ERRORS = 5
"""Errors allowed on top: people walk about while the background is being learnt."""


def up(
    data: Annotated[
        Path, typer.Option(help="Folder that keeps everything: databases, streams, models, logs.")
    ] = Path(".tally"),
    camera: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            help="A camera to count: rtsp://…, http://…, a video file or demo://plaza. May be repeated. "
            "It gets a line down its middle and a zone; move them through the API.",
        ),
    ] = None,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            help="A folder whose video files cameras may read, beside those that --camera names. May be repeated.",
        ),
    ] = None,
    demo: Annotated[bool, typer.Option(help="Count the rendered demo camera.")] = True,
    port: Annotated[int, typer.Option(help="Port of the gateway, on loopback.")] = 8080,
    free_ports: Annotated[
        bool,
        typer.Option(
            "--free-ports",
            help="Take free ports, the gateway's too, instead of the usual ones (8000, 8001, …): for several "
            "stacks side by side. They stay the same from start to start.",
        ),
    ] = False,
    compact: Annotated[
        bool, typer.Option("--compact", help="All contexts in one process, for small machines.")
    ] = False,
    certificate: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Certificate chain (PEM) for TLS on port 8443, then on all addresses. Without it, one for "
            "development is made and shown on loopback alone.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Private key (PEM) of --certificate."),
    ] = None,
    exit_after: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="End after so long; status 0 if everything stayed healthy and the demo's counts were right.",
        ),
    ] = None,
) -> None:
    """Run the whole mesh on this machine: PostgreSQL, NATS, Triton, all contexts, Envoy and a camera worker.

    Registers a demo camera, counts it, and shows live counts beside the truth. Ctrl-C stops everything; the
    next start keeps the data.

    The first start prints the first administrator's password; log in with it by `tally login`.
    """
    with failing_clearly():
        chosen = [_parse_camera(text) for text in camera or []]
        options = MeshOptions(
            data,
            None if free_ports else f"127.0.0.1:{port}",
            not free_ports,
            compact,
            certificate=_certificate(certificate, key),
            recordings=(*(recordings or ()), *_files(chosen)),
        )
        cameras = [DEMO, *chosen] if demo else chosen
        healthy = asyncio.run(_up(options, cameras, exit_after))
    if not healthy:
        raise typer.Exit(1)


def _certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    if chain and key:
        return own_certificate(chain, key)
    if chain or key:
        raise typer.BadParameter("one needs the other", param_hint="--certificate and --key")
    return None


def _parse_camera(text: str) -> NewCamera:
    name, separator, uri = text.partition("=")
    if not separator or not name.strip() or not uri:
        raise typer.BadParameter(f"{text!r} is not NAME=URL", param_hint="--camera")
    if "://" not in uri:
        file = Path(uri)
        if not file.is_file():
            raise typer.BadParameter(f"there is no file {file}", param_hint="--camera")
        uri = file.resolve().as_uri()
    return NewCamera(name.strip(), uri)


def _files(cameras: list[NewCamera]) -> list[Path]:
    """The video files among the cameras."""
    return [
        Path(unquote(camera.uri.removeprefix("file://")))
        for camera in cameras
        if camera.uri.startswith("file://")
    ]


async def _up(options: MeshOptions, cameras: list[NewCamera], exit_after: float | None) -> bool:
    console = Console()
    told = _cancel_when_told()
    start = time.monotonic()
    console.print("starting PostgreSQL, NATS, Triton, the contexts and Envoy …", style="dim")
    try:
        async with (
            running(options) as mesh,
            connect_with_key(mesh.gateway, mesh.key("tally-up")) as channel,
        ):
            for camera in cameras:
                await ensure_camera(channel, camera)
            console.print(
                f"all healthy after {time.monotonic() - start:.1f} s: https://{mesh.tls_address}/api/v1/cameras, "
                f"on this machine also http://{mesh.gateway}/api/v1/cameras",
                highlight=False,
                soft_wrap=True,
            )
            if mesh.folder.first_time("first administrator shown"):
                _show_first_administrator(console, mesh)
            watch = Watch(channel)
            following = asyncio.create_task(watch.run())
            try:
                async with asyncio.timeout(exit_after):
                    return await _show(console, mesh, watch)
            except TimeoutError:
                return _verdict(console, mesh, watch)
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
    except asyncio.CancelledError:
        if not told.is_set():
            raise
        console.print("stopped; the data is kept", style="dim")
        return True


def _show_first_administrator(console: Console, mesh: Mesh) -> None:
    url = f"http://{mesh.gateway}"
    option = "" if url == DEFAULT_GATEWAY else f" --gateway {url}"
    console.print(
        f"log in: tally login{option} --email {FIRST_ADMIN}\n"
        f"first password, shown this once: {mesh.folder.secret(FIRST_ADMIN_SECRET)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _cancel_when_told() -> asyncio.Event:
    """Cancel the running task at SIGINT or SIGTERM; the event says that this is why."""
    told = asyncio.Event()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel() -> None:
        told.set()
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel)
    return told


async def _show(console: Console, mesh: Mesh, watch: Watch) -> bool:
    """Display until cancelled."""
    hint = f"Ctrl-C stops everything; data and logs are in {mesh.folder.root}"
    async with _display(console, hint) as display:
        while True:
            display(mesh.status(), list(watch.cameras.values()))
            await asyncio.sleep(REFRESH_S)


@asynccontextmanager
async def _display(
    console: Console, hint: str
) -> AsyncIterator[Callable[[list[PartStatus], list[CameraView]], None]]:
    if console.is_terminal:
        with Live(console=console, auto_refresh=False, screen=False) as live:
            yield lambda parts, cameras: live.update(screen(parts, cameras, hint), refresh=True)
        return
    last = 0.0

    def print_lines(parts: list[PartStatus], cameras: list[CameraView]) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_PERIOD_S:
            last = time.monotonic()
            for line in plain_lines(parts, cameras):
                console.print(line, highlight=False, markup=False, soft_wrap=True)

    yield print_lines


def _verdict(console: Console, mesh: Mesh, watch: Watch) -> bool:
    """Whether all parts are healthy without ever having died, and the demo was counted right."""
    parts = mesh.status()
    for line in plain_lines(parts, watch.cameras.values()):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    troubled = [part.name for part in parts if part.state != "serving" or part.restarts]
    if troubled:
        tell(f"not healthy throughout: {', '.join(troubled)}", "see their logs")
    wrong = []
    for camera in watch.cameras.values():
        result = camera.miscounted
        if result is None:
            continue
        error, truth = result
        console.print(
            f"{camera.name}: {error} errors in {truth} true crossings",
            highlight=False,
            markup=False,
        )
        if error > START_ERRORS + PUBLISHED_ERROR * truth:
            wrong.append(camera.name)
    if wrong:
        tell(f"counts differ from the truth by more than the published error: {', '.join(wrong)}")
    unread = [
        camera.name
        for camera in watch.cameras.values()
        if camera.active and not camera.status.frames_processed
    ]
    if unread:
        tell(f"no frame was counted: {', '.join(unread)}", "see the agent's log")
    return not (troubled or wrong or unread)
