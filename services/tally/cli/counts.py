"""`tally counts`: what a camera counted, by the hours and days of its site."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import grpc
import typer
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import analytics_pb2
from tally.api.analytics.v1 import analytics_service_pb2 as messages
from tally.api.analytics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from tally.cli.cameras import CameraArgument, camera_called
from tally.cli.crossings import SpanOption
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, parse_span, show_json, show_table
from tally.kernel.clock import utc_now

Count = analytics_pb2.LineCount | analytics_pb2.ZoneCount


class By(StrEnum):
    """How finely to sum."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


_SHOWN = {
    By.HOUR: "%Y-%m-%d %H:%M",
    By.DAY: "%Y-%m-%d %a",
    By.WEEK: "%G-W%V",
    By.MONTH: "%Y-%m",
    By.TOTAL: "since %Y-%m-%d %H:%M",
}


def counts(
    camera: CameraArgument,
    by: Annotated[
        By, typer.Option(help="How finely to sum, by the clocks of the camera's site.")
    ] = By.HOUR,
    last: SpanOption = "24h",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Sum a camera's crossings and visits by hour, day, week or month.

    Behind each number of crossings stands from where to where the true one is in 95 of 100 cases,
    and at the end how much of the time was watched.
    """
    with failing_clearly():
        now = utc_now()
        span = now - parse_span(last, "--last"), now
        asyncio.run(_counts(gateway, camera, by, span, as_json=as_json))


async def _counts(
    gateway: str, name: str, by: By, span: tuple[datetime, datetime], *, as_json: bool
) -> None:
    async with calling(gateway) as channel:
        camera = await camera_called(channel, name)
        lines, zones = await _ask(channel, camera.id, by, *span)
    if as_json:
        show_json([*lines, *zones])
        return
    if lines or not zones:
        show_table(
            [by.value, "line", "in", "out", "watched"],
            [
                (
                    _begin(each, by),
                    each.line,
                    _within(each.in_count, each.in_interval),
                    _within(each.out_count, each.out_interval),
                    _part(each),
                )
                for each in lines
            ],
        )
    if zones:
        show_table(
            [by.value, "zone", "entries", "exits", "most at once", "mean stay", "watched"],
            [
                (
                    _begin(each, by),
                    each.zone,
                    str(each.entries),
                    str(each.exits),
                    str(each.peak_occupancy),
                    _stay(each),
                    _part(each),
                )
                for each in zones
            ],
        )


async def _ask(
    channel: grpc.aio.Channel, camera_id: str, by: By, start: datetime, end: datetime
) -> tuple[Sequence[analytics_pb2.LineCount], Sequence[analytics_pb2.ZoneCount]]:
    """The sums in order of time."""
    first, last = Timestamp(), Timestamp()
    first.FromDatetime(start)
    last.FromDatetime(end)
    granularity = analytics_pb2.Granularity.Value(f"GRANULARITY_{by.name}")
    of_lines = messages.QueryLineCountsRequest(
        camera_ids=[camera_id], start_time=first, end_time=last, granularity=granularity
    )
    of_zones = messages.QueryZoneCountsRequest(
        camera_ids=[camera_id], start_time=first, end_time=last, granularity=granularity
    )
    stub = AnalyticsServiceStub(channel)
    lines = (await stub.QueryLineCounts(of_lines)).counts
    zones = (await stub.QueryZoneCounts(of_zones)).counts
    return (
        sorted(lines, key=lambda count: count.start_time.seconds),
        sorted(zones, key=lambda count: count.start_time.seconds),
    )


def _begin(count: Count, by: By) -> str:
    """When the span begins on the site's clocks."""
    return count.start_time.ToDatetime(ZoneInfo(count.time_zone)).strftime(_SHOWN[by])


def _within(count: int, interval: analytics_pb2.CountInterval) -> str:
    """A count, and from where to where the truth is in 95 of 100 cases."""
    return f"{count} ({interval.low}-{interval.high})"


def _part(count: Count) -> str:
    """How much of the span was watched."""
    length = count.end_time.ToDatetime() - count.start_time.ToDatetime()
    part = count.observed.ToTimedelta() / length
    return "<1%" if 0 < part < 0.01 else f"{part:.0%}"


def _stay(count: analytics_pb2.ZoneCount) -> str:
    seconds = count.mean_dwell.ToTimedelta().total_seconds()
    return f"{seconds:.1f} s" if count.HasField("mean_dwell") else ""
