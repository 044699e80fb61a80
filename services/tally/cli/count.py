"""`tally count`: count one recording."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from tally.cli.failing import failing_clearly
from tally.cli.shapes import (
    LineOption,
    MaskOption,
    PairOption,
    UTurnOption,
    parse_lines,
    parse_masks,
    parse_zones,
    with_pairs,
)
from tally.cli.tallying import as_csv, as_json, as_tables
from tally.counting import Line, Mask, Zone
from tally.stack.folder import DataFolder
from tally.stack.models import ModelStore
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source


def count(
    video: Annotated[str, typer.Argument(help="A video file, or demo://plaza?frames=900.")],
    line: LineOption = None,
    u_turn_window: UTurnOption = 0.0,
    pair: PairOption = None,
    zone: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]X1,Y1,X2,Y2,X3,Y3,…",
            help="A zone: the corners of a polygon, in order. May be repeated.",
        ),
    ] = None,
    mask: MaskOption = None,
    detector: Annotated[
        str | None,
        typer.Option(help="An installed detector; by default the best one. See `tally models`."),
    ] = None,
    object_class: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            help="What to count, such as *car*. May be repeated. By default people, where the detector knows them.",
        ),
    ] = None,
    annotate: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.mp4",
            help="Write a copy with boxes, trails, lines and totals drawn.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the crossings as CSV.")] = False,
    data: Annotated[Path, typer.Option(help="Data folder whose installed models are used.")] = Path(
        ".tally"
    ),
    triton: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Use a Triton server that runs already; else one is started."
        ),
    ] = None,
) -> None:
    """Count what crosses lines and visits zones in one video, with the engine and detectors that cameras use.

    Example: `tally count street.mp4 --line "door=0.2,0.8,0.7,0.8" --annotate counted.mp4`
    """
    with failing_clearly():
        if json and csv:
            raise typer.BadParameter("choose one of --json and --csv")
        lines = with_pairs(parse_lines(line or [], u_turn_window), pair or [])
        zones, masks = parse_zones(zone or []), parse_masks(mask or [])
        if not lines and not zones:
            raise typer.BadParameter(
                "nothing to count: draw a line with --line x1,y1,x2,y2 or a zone with --zone",
                param_hint="--line",
            )
        if annotate is not None and annotate.resolve() == Path(video).resolve():
            raise typer.BadParameter(
                "the copy would overwrite the video; choose another name", param_hint="--annotate"
            )
        result = asyncio.run(
            _count(video, lines, zones, masks, detector, object_class or [], annotate, data, triton)
        )
    console = Console()
    if json:
        typer.echo(as_json(result, lines, zones))
    elif csv:
        typer.echo(as_csv(result), nl=False)
    else:
        console.print(as_tables(result, lines, zones))
        if annotate is not None:
            console.print(f"annotated copy: {annotate}", highlight=False, markup=False)


async def _count(
    video: str,
    lines: Sequence[Line],
    zones: Sequence[Zone],
    masks: Sequence[Mask],
    detector_name: str | None,
    classes: Sequence[str],
    annotate: Path | None,
    data: Path,
    triton: str | None,
) -> RecordingCount:
    # The video first: a wrong path should not have to wait for a server.
    source = await asyncio.to_thread(open_source, video, pace=Pace.AS_FAST_AS_POSSIBLE)
    store = ModelStore(DataFolder(data))
    with tempfile.TemporaryDirectory(prefix="tally-count-") as scratch:
        server = None if triton else TritonServer(DataFolder(Path(scratch)), store)
        try:
            if server is not None:
                await server.start()
            detectors = Detectors(triton or (server.address if server else ""))
            try:
                detector = await (
                    detectors.get(detector_name) if detector_name else detectors.best()
                )
                with progress_bar(source.info.frame_count, detector.name) as progress:
                    return await count_recording(
                        source,
                        detector,
                        lines=lines,
                        zones=zones,
                        masks=masks,
                        classes=classes,
                        annotate=annotate,
                        title=detector.name,
                        progress=progress,
                    )
            finally:
                await detectors.close()
        finally:
            source.close()
            if server is not None:
                await server.stop()


@contextmanager
def progress_bar(frames: int | None, description: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, so that the result can be piped."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=frames)
        yield lambda done: bar.update(task, completed=done)
