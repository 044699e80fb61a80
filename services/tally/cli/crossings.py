"""`tally crossings` and `tally flows`: what a camera counted, one by one and from line to line."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2
from tally.api.analytics.v1 import analytics_service_pb2 as messages
from tally.api.analytics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from tally.api.camera.v1 import camera_pb2
from tally.api.counting.v1 import count_pb2
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, local_time, parse_span, show_json, show_table
from tally.kernel.clock import utc_now

SpanOption = Annotated[
    str, typer.Option("--last", metavar="SPAN", help="How far back, such as `90m`, `12h` or `7d`.")
]
_EVIDENCE = {
    count_pb2.EVIDENCE_SEEN_ON_BOTH_SIDES: "both sides",
    count_pb2.EVIDENCE_BORN_NEAR: "born near",
    count_pb2.EVIDENCE_ENDED_NEAR: "lost near",
    count_pb2.EVIDENCE_STITCHED: "stitched",
    count_pb2.EVIDENCE_LOW_SCORE: "low score",
    count_pb2.EVIDENCE_EXTRAPOLATED: "extrapolated",
}


def crossings(
    camera: CameraArgument,
    line: Annotated[str, typer.Option(help="Of this line only.")] = "",
    last: SpanOption = "1h",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """List a camera's crossings by time, what speaks for each, and the id where there is a `tally picture`."""
    with failing_clearly():
        since = utc_now() - parse_span(last, "--last")
        asyncio.run(_crossings(gateway, camera, line, since, limit, as_json=as_json))


def flows(
    camera: CameraArgument,
    last: SpanOption = "24h",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show from which line to which the tracks of a camera went."""
    with failing_clearly():
        now = utc_now()
        asyncio.run(_flows(gateway, camera, now - parse_span(last, "--last"), now, as_json=as_json))


async def _crossings(
    gateway: str, name: str, line: str, since: datetime, limit: int, *, as_json: bool
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.ListCrossingsRequest(
            camera_id=camera.id, line=line, start_time=to_timestamp(since), page_size=limit
        )
        found = (await AnalyticsServiceStub(channel).ListCrossings(request)).crossings
    if as_json:
        show_json(found)
        return
    names = _direction_names(camera)
    show_table(
        ["time", "line", "direction", "class", "sure", "why", "came from", "speed", "picture"],
        [_row(each.crossing, names) for each in found],
    )


async def _flows(
    gateway: str, name: str, since: datetime, until: datetime, *, as_json: bool
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        request = messages.QueryFlowsRequest(
            camera_id=camera.id, start_time=to_timestamp(since), end_time=to_timestamp(until)
        )
        answer = await AnalyticsServiceStub(channel).QueryFlows(request)
    if as_json:
        show_json(answer)
        return
    show_table(*_matrix(answer.flows))


def _row(crossing: count_pb2.Crossing, names: dict[tuple[str, int], str]) -> tuple[str, ...]:
    why = [_EVIDENCE[each] for each in crossing.evidence if each in _EVIDENCE]
    if count_pb2.EVIDENCE_INTERPOLATED in crossing.evidence:
        why.append(f"{crossing.gap.ToTimedelta().total_seconds():.1f} s unseen")
    usual = "in" if crossing.direction == count_pb2.DIRECTION_IN else "out"
    return (
        local_time(crossing.time),
        crossing.line,
        names.get((crossing.line, crossing.direction)) or usual,
        crossing.object_class,
        f"{crossing.confidence:.2f}" if crossing.evidence else "",
        ", ".join(why),
        crossing.previous_line,
        f"{crossing.speed_mps:.1f} m/s" if crossing.HasField("speed_mps") else "",
        crossing.id if crossing.picture_expire_time.ToDatetime(UTC) > utc_now() else "",
    )


def _direction_names(camera: camera_pb2.Camera) -> dict[tuple[str, int], str]:
    """What people call the directions, by line and direction; empty where they have no name."""
    return {
        (line.name, direction): name
        for line in camera.counting.lines
        for direction, name in (
            (count_pb2.DIRECTION_IN, line.in_name),
            (count_pb2.DIRECTION_OUT, line.out_name),
        )
    }


def _matrix(flows: Sequence[analytics_pb2.Flow]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: where tracks came from down, where they went across."""
    counts = {(flow.previous_line, flow.line): flow.count for flow in flows}
    origins = sorted({origin for origin, _ in counts})
    lines = sorted({line for _, line in counts})
    rows = [
        [origin or "(first line)", *(str(counts.get((origin, line), 0)) for line in lines)]
        for origin in origins
    ]
    return ["from \\ to", *lines], rows


def to_timestamp(moment: datetime) -> Timestamp:
    """The moment as contracts have it."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
