"""`tally audit start`, `count`, `samples` and `report`: people check what a camera counts."""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from uuid import uuid4

import typer
from google.protobuf.duration_pb2 import Duration

from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.api.analytics.v1.audit_service_pb2_grpc import CountAuditServiceStub
from tally.api.camera.v1.camera_service_pb2 import GetCameraRequest
from tally.api.camera.v1.camera_service_pb2_grpc import CameraServiceStub
from tally.api.counting.v1 import count_pb2
from tally.api.counting.v1.geometry_pb2 import CountingConfig
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.count import progress_bar
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.counting import Direction, Line
from tally.worker.agent.clips import cut_clips
from tally.worker.agent.mapping import privacy_from_proto, shapes_from_proto
from tally.worker.agent.sources import Pace, open_source

AuditArgument = Annotated[str, typer.Argument(help="Id of the audit, which `start` printed.")]
MomentOption = Annotated[datetime | None, typer.Option(help="On this machine's clock.")]
MOST = 10_000
_WAYS = {count_pb2.DIRECTION_IN: "in", count_pb2.DIRECTION_OUT: "out"}


def start(
    camera: CameraArgument,
    since: MomentOption = None,
    until: MomentOption = None,
    samples: Annotated[int, typer.Option(min=1, max=200, help="How many to draw.")] = 10,
    length: Annotated[
        int, typer.Option(metavar="SECONDS", min=5, max=600, help="How long each is.")
    ] = 60,
    seed: Annotated[
        int | None, typer.Option(help="Draws the same samples again; by default a new one.")
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Draw samples of what a camera watched, busy and quiet ones, and print the audit's id.

    Without --since and --until they are drawn from the recording that the camera counted last.
    """
    with failing_clearly():
        request = messages.CreateAuditRequest(
            sample_count=samples,
            sample_length=Duration(seconds=length),
            seed=secrets.randbits(32) if seed is None else seed,
            request_id=str(uuid4()),
        )
        if since:
            request.start_time.FromDatetime(since.astimezone(UTC))
        if until:
            request.end_time.FromDatetime(until.astimezone(UTC))
        typer.echo(asyncio.run(_start(gateway, camera, request)).id)


def count(
    audit: AuditArgument,
    recording: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The video that the camera showed.")
    ],
    began: Annotated[
        datetime | None,
        typer.Option(help="When it begins; by default where the audited range does."),
    ] = None,
    sample: Annotated[
        int,
        typer.Option(help="Count this one alone, to correct it; by default all uncounted ones."),
    ] = 0,
    clips: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Where to put and leave the samples' clips; by default they go with the command.",
        ),
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Go through an audit's samples: watch each clip, and type what you counted.

    Ctrl-C ends it; what was typed for whole samples is kept, and the next start goes on behind it.
    """
    with failing_clearly():
        found, config = asyncio.run(_audit(gateway, audit))
        wanted = [
            each
            for each in found.samples
            if (each.number == sample if sample else not each.revisions)
        ]
        if not wanted:
            raise CommandError(
                f"the audit has no sample {sample}" if sample else "all samples are counted",
                mend="correct one with --sample NUMBER, or see `tally audit report`",
            )
        with ExitStack() as stack:
            # Clips show people as they are: those that nobody asked for go when they have been counted.
            folder = clips or Path(stack.enter_context(TemporaryDirectory(prefix="tally-audit-")))
            folder.mkdir(parents=True, exist_ok=True)
            first = (began or found.start_time.ToDatetime(UTC)).astimezone(UTC)
            shown = _cut(recording, first, wanted, config, folder)
            names = {line.name: line for line in shapes_from_proto(config)[0]}
            for each in wanted:
                console.print(
                    f"\nsample {each.number} of {len(found.samples)}, {local_time(each.start_time)}: "
                    f"watch {shown[each.number]}"
                )
                request = messages.RecordManualCountRequest(
                    audit_id=found.id,
                    sample=each.number,
                    lines=[_typed(name, names.get(name)) for name in found.lines],
                )
                asyncio.run(_record(gateway, request))


def list_samples(
    camera: CameraArgument,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """List a camera's audits, the newest first, and how far they are counted."""
    with failing_clearly():
        found = asyncio.run(_list(gateway, camera))
        if as_json:
            show_json(found)
            return
        show_table(
            ["id", "from", "samples", "counted"],
            [
                (
                    audit.id,
                    local_time(audit.start_time),
                    str(len(audit.samples)),
                    str(sum(bool(sample.revisions) for sample in audit.samples)),
                )
                for audit in found
            ],
        )


def report(
    camera: CameraArgument,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Tell how far a camera's counts can be trusted, with 95 % intervals, from all its audits."""
    with failing_clearly():
        answer = asyncio.run(_report(gateway, camera))
        if as_json:
            show_json(answer)
            return
        console.print(f"{answer.counted_samples} of {answer.samples} samples are counted by hand")
        show_table(
            ["line", "direction", "true", "counted", "error", "recall", "precision", "count ratio"],
            [*map(_row, answer.lines), _row(answer.total)],
        )


def _cut(
    recording: Path,
    began: datetime,
    samples: Sequence[messages.CountAuditSample],
    config: CountingConfig,
    folder: Path,
) -> dict[int, Path]:
    """Write the samples' clips; returns their files by number."""
    files = {each.number: folder / f"sample-{each.number:03}.mp4" for each in samples}
    spans = {
        files[each.number]: (
            (each.start_time.ToDatetime(UTC) - began).total_seconds(),
            (each.end_time.ToDatetime(UTC) - began).total_seconds(),
        )
        for each in samples
    }
    source = open_source(str(recording), pace=Pace.AS_FAST_AS_POSSIBLE)
    lines, zones, masks = shapes_from_proto(config)
    with progress_bar(source.info.frame_count, "cutting clips") as progress:
        cut = cut_clips(
            source,
            spans,
            lines=lines,
            zones=zones,
            masks=masks,
            privacy=privacy_from_proto(config.privacy),
            progress=progress,
        )
    missing = [str(number) for number, path in files.items() if path not in cut]
    if missing:
        raise CommandError(
            f"the recording does not show sample {', '.join(missing)}",
            mend="name the recording that the camera showed then, and with --began when it begins",
        )
    return files


def _typed(name: str, line: Line | None) -> messages.ManualLineCount:
    """What the person types for a line; its directions have their names if the camera still has it."""
    ins, outs = (
        typer.prompt(
            f"{name}, {line.direction_name(way) if line else way.value}",
            value_proc=_figure,
        )
        for way in (Direction.IN, Direction.OUT)
    )
    return messages.ManualLineCount(line=name, in_count=ins, out_count=outs)


def _figure(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST):
        raise typer.BadParameter(f"type a number from 0 to {MOST}")
    return int(text)


def _row(cell: messages.Accuracy) -> tuple[str, ...]:
    ratio = f"{cell.count_ratio.value:.3f}" if cell.HasField("count_ratio") else ""
    if cell.count_ratio.HasField("standard_error"):
        ratio += f" ± {2 * cell.count_ratio.standard_error:.3f}"
    return (
        cell.line or "all",
        _WAYS.get(cell.direction, ""),
        str(cell.true_count),
        str(cell.counted),
        str(cell.absolute_error),
        _share(cell.recall) if cell.HasField("recall") else "",
        _share(cell.precision) if cell.HasField("precision") else "",
        ratio,
    )


def _share(share: messages.Proportion) -> str:
    return f"{share.value:.3f} ({share.lower:.3f} to {share.upper:.3f})"


async def _start(
    gateway: str, name: str, request: messages.CreateAuditRequest
) -> messages.CountAudit:
    async with calling(gateway) as channel:
        request.camera_id = (await camera_called(channel, name)).id
        return (await CountAuditServiceStub(channel).CreateAudit(request)).audit


async def _audit(gateway: str, audit_id: str) -> tuple[messages.CountAudit, CountingConfig]:
    """The audit, and what the camera counted when the audited range began."""
    async with calling(gateway) as channel:
        request = messages.GetAuditRequest(audit_id=audit_id)
        audit = (await CountAuditServiceStub(channel).GetAudit(request)).audit
        then = GetCameraRequest(camera_id=audit.camera_id, as_of=audit.start_time)
        camera = (await CameraServiceStub(channel).GetCamera(then)).camera
    return audit, camera.counting


async def _record(gateway: str, request: messages.RecordManualCountRequest) -> None:
    async with calling(gateway) as channel:
        await CountAuditServiceStub(channel).RecordManualCount(request)


async def _list(gateway: str, name: str) -> list[messages.CountAudit]:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.ListAuditsRequest(camera_id=camera.id, page_size=min(PAGE_SIZE, 100))
        listed = pages(CountAuditServiceStub(channel).ListAudits, request)
        return [audit async for page in listed for audit in page.audits]


async def _report(gateway: str, name: str) -> messages.ReportAccuracyResponse:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.ReportAccuracyRequest(camera_id=camera.id)
        return await CountAuditServiceStub(channel).ReportAccuracy(request)
