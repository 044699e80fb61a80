"""`tally visits` and `tally dwells`: what happened in a camera's zones, one by one and as lengths of stay."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf.duration_pb2 import Duration

from tally.api.analytics.v1 import visit_service_pb2 as messages
from tally.api.analytics.v1.visit_service_pb2_grpc import VisitServiceStub
from tally.api.counting.v1 import count_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.crossings import SpanOption, to_timestamp
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, local_time, parse_span, show_json, show_table
from tally.kernel.clock import utc_now

BAR_WIDTH = 40


class Kind(StrEnum):
    """What a visit does."""

    ENTRY = "entry"
    EXIT = "exit"
    LOITERING = "loitering"
    INTRUSION = "intrusion"


_KINDS = {kind: count_pb2.VisitKind.Value(f"VISIT_KIND_{kind.name}") for kind in Kind}
_NAMES = {value: kind.value for kind, value in _KINDS.items()}


def visits(
    camera: CameraArgument,
    zone: Annotated[str, typer.Option(help="In this zone only.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Of this kind only.")] = None,
    last: SpanOption = "1h",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """List what happened in a camera's zones, the earliest first: who came, left, loitered or intruded."""
    with failing_clearly():
        since = utc_now() - parse_span(last, "--last")
        asyncio.run(_visits(gateway, camera, zone, kind, since, limit, as_json=as_json))


def dwells(
    camera: CameraArgument,
    last: SpanOption = "24h",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show how long people stayed in a camera's zones."""
    with failing_clearly():
        now = utc_now()
        since = now - parse_span(last, "--last")
        asyncio.run(_dwells(gateway, camera, since, now, as_json=as_json))


async def _visits(
    gateway: str,
    name: str,
    zone: str,
    kind: Kind | None,
    since: datetime,
    limit: int,
    *,
    as_json: bool,
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.ListVisitsRequest(
            camera_id=camera.id,
            zone=zone,
            kind=_KINDS[kind] if kind else count_pb2.VISIT_KIND_UNSPECIFIED,
            start_time=to_timestamp(since),
            page_size=limit,
        )
        found = (await VisitServiceStub(channel).ListVisits(request)).visits
    if as_json:
        show_json(found)
        return
    show_table(
        ["time", "zone", "what", "class", "track", "stayed"], [_row(each.visit) for each in found]
    )


async def _dwells(
    gateway: str, name: str, since: datetime, until: datetime, *, as_json: bool
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.QueryDwellsRequest(
            camera_id=camera.id, start_time=to_timestamp(since), end_time=to_timestamp(until)
        )
        answer = await VisitServiceStub(channel).QueryDwells(request)
    if as_json:
        show_json(answer)
        return
    show_table(
        ["zone", "visits", "mean", "median", "9 in 10 within"],
        [
            (
                each.zone,
                str(each.visits),
                *map(_length, (each.mean, each.median, each.percentile_90)),
            )
            for each in answer.dwells
        ],
    )
    for each in answer.dwells:
        typer.echo(f"\n{each.zone}")
        for line in _bars(each.buckets):
            typer.echo(line)


def _row(visit: count_pb2.Visit) -> tuple[str, ...]:
    return (
        local_time(visit.time),
        visit.zone,
        _NAMES.get(visit.kind, str(visit.kind)),
        visit.object_class,
        str(visit.track),
        _length(visit.dwell) if visit.HasField("dwell") else "",
    )


def _bars(buckets: Sequence[messages.DwellBucket]) -> list[str]:
    """A line for each bucket, as long as it is full."""
    most = max(bucket.visits for bucket in buckets)
    ends = [f"≤ {_length(bucket.up_to)}" for bucket in buckets[:-1]]
    labels = [*ends, f"> {_length(buckets[-2].up_to)}"]
    width = max(map(len, labels))
    return [
        f"{label:>{width}}  {'█' * round(BAR_WIDTH * bucket.visits / most):<{BAR_WIDTH}}  {bucket.visits}"
        for label, bucket in zip(labels, buckets, strict=True)
    ]


def _length(duration: Duration) -> str:
    seconds = duration.ToTimedelta().total_seconds()
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
