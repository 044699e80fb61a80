"""Between the contracts' messages and the domain; nothing else knows both."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tally.analytics.application.query.list_crossings import CrossingPage
from tally.analytics.domain.interval import count_interval
from tally.analytics.domain.model import (
    CameraPlaced,
    CountsRecord,
    Crossing,
    Direction,
    Evidence,
    Flow,
    Granularity,
    LineCount,
    SiteClock,
    StoredCrossing,
    Visit,
    VisitKind,
    ZoneCount,
)
from tally.analytics.domain.timespan import TimeSpan
from tally.api.analytics.v1 import analytics_pb2, analytics_service_pb2, visit_service_pb2
from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.camera.v1 import site_events_pb2
from tally.api.counting.v1 import count_pb2, events_pb2
from tally.kernel.messages import UnknownMessage, moment, type_name

HEAT_COLUMNS, HEAT_ROWS = 48, 27
"""Of the grid that the contract lays over pictures."""

_DIRECTIONS = {
    count_pb2.DIRECTION_IN: Direction.IN,
    count_pb2.DIRECTION_OUT: Direction.OUT,
}
_EVIDENCE = {
    count_pb2.EVIDENCE_SEEN_ON_BOTH_SIDES: Evidence.SEEN_ON_BOTH_SIDES,
    count_pb2.EVIDENCE_BORN_NEAR: Evidence.BORN_NEAR,
    count_pb2.EVIDENCE_ENDED_NEAR: Evidence.ENDED_NEAR,
    count_pb2.EVIDENCE_INTERPOLATED: Evidence.INTERPOLATED,
    count_pb2.EVIDENCE_STITCHED: Evidence.STITCHED,
    count_pb2.EVIDENCE_LOW_SCORE: Evidence.LOW_SCORE,
    count_pb2.EVIDENCE_EXTRAPOLATED: Evidence.EXTRAPOLATED,
}
VISIT_KINDS = {
    count_pb2.VISIT_KIND_ENTRY: VisitKind.ENTRY,
    count_pb2.VISIT_KIND_EXIT: VisitKind.EXIT,
    count_pb2.VISIT_KIND_LOITERING: VisitKind.LOITERING,
    count_pb2.VISIT_KIND_INTRUSION: VisitKind.INTRUSION,
}
_EVIDENCE_VALUES = {evidence: value for value, evidence in _EVIDENCE.items()}
DIRECTION_VALUES = {direction: value for value, direction in _DIRECTIONS.items()}
_GRANULARITIES = {
    analytics_pb2.GRANULARITY_UNSPECIFIED: Granularity.HOUR,
    analytics_pb2.GRANULARITY_HOUR: Granularity.HOUR,
    analytics_pb2.GRANULARITY_TOTAL: Granularity.TOTAL,
    analytics_pb2.GRANULARITY_DAY: Granularity.DAY,
    analytics_pb2.GRANULARITY_WEEK: Granularity.WEEK,
    analytics_pb2.GRANULARITY_MONTH: Granularity.MONTH,
}


def camera_placed(message: Message, version: int) -> CameraPlaced:
    """Where an event of the camera context says that a camera is.

    Raises:
        UnknownMessage: It says nothing of the kind.
    """
    if not isinstance(message, camera_events.CameraCreated | camera_events.CameraMoved):
        raise UnknownMessage(f"{type_name(message)} does not say where a camera is")
    return CameraPlaced(message.camera_id, message.site_id, version)


def site_clock(message: Message, version: int) -> SiteClock:
    """By which clocks an event of the camera context says that a site lives.

    Raises:
        UnknownMessage: It says nothing of the kind, or names a time zone that is not known here.
    """
    if not isinstance(message, site_events_pb2.SiteCreated | site_events_pb2.SiteUpdated):
        raise UnknownMessage(f"{type_name(message)} does not say by which clocks a site lives")
    site = message.site
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnknownMessage(f"{site.time_zone!r} is no time zone") from error
    return SiteClock(site.id, site.time_zone, version)


def counts_record(message: events_pb2.CountsRecorded) -> CountsRecord:
    """The record inside a valid event."""
    return CountsRecord(
        camera_id=message.camera_id,
        run_id=message.run_id,
        sequence=message.sequence,
        epoch=message.epoch,
        recording=message.recording,
        config_version=message.config_version,
        detector=message.detector,
        start=_datetime(message.start_time),
        end=_datetime(message.end_time),
        frames_processed=message.frames_processed,
        frames_dropped=message.frames_dropped,
        lines=tuple(total.line for total in message.totals),
        peaks={occupancy.zone: occupancy.peak for occupancy in message.occupancies},
        crossings=tuple(_crossing(crossing) for crossing in message.crossings),
        visits=tuple(_visit(visit) for visit in message.visits),
        heat=dict(zip(message.heat.cells, message.heat.milliseconds, strict=True)),
    )


def _crossing(message: count_pb2.Crossing) -> Crossing:
    return Crossing(
        message.id,
        message.line,
        _DIRECTIONS[message.direction],
        _datetime(message.time),
        message.track,
        message.ordinal,
        message.object_class,
        message.score,
        message.confidence,
        tuple(_EVIDENCE[value] for value in message.evidence if value in _EVIDENCE),
        message.gap.ToTimedelta(),
        message.previous_line,
        message.speed_mps if message.HasField("speed_mps") else None,
        _datetime(message.picture_expire_time) if message.HasField("picture_expire_time") else None,
    )


def _visit(message: count_pb2.Visit) -> Visit:
    return Visit(
        message.id,
        message.zone,
        VISIT_KINDS[message.kind],
        _datetime(message.time),
        message.track,
        message.ordinal,
        message.object_class,
        message.dwell.ToTimedelta() if message.HasField("dwell") else None,
    )


def time_span(
    request: (
        analytics_service_pb2.QueryLineCountsRequest
        | analytics_service_pb2.QueryZoneCountsRequest
        | analytics_service_pb2.QueryFlowsRequest
        | analytics_service_pb2.QueryHeatMapRequest
        | visit_service_pb2.QueryDwellsRequest
    ),
) -> TimeSpan:
    """The range that a query asks about."""
    return TimeSpan(_datetime(request.start_time), _datetime(request.end_time))


def granularity(value: analytics_pb2.Granularity.ValueType) -> Granularity:
    """How finely a query wants its sums."""
    return _GRANULARITIES[value]


def open_range(
    request: analytics_service_pb2.ListCrossingsRequest | visit_service_pb2.ListVisitsRequest,
) -> tuple[datetime | None, datetime | None]:
    """The range that a request asks about, open where it says nothing."""
    return (
        moment(request, "start_time"),
        moment(request, "end_time"),
    )


def line_counts_response(
    counts: Sequence[LineCount],
) -> analytics_service_pb2.QueryLineCountsResponse:
    """The answer to a query for crossings."""
    return analytics_service_pb2.QueryLineCountsResponse(
        counts=[
            analytics_pb2.LineCount(
                camera_id=count.camera_id,
                line=count.line,
                start_time=to_timestamp(count.start),
                end_time=to_timestamp(count.end),
                in_count=count.in_count,
                out_count=count.out_count,
                observed=to_duration(count.observed),
                time_zone=count.time_zone,
                in_interval=_interval(count.in_count, count.in_doubt),
                out_interval=_interval(count.out_count, count.out_doubt),
            )
            for count in counts
        ]
    )


def _interval(count: int, doubt: float) -> analytics_pb2.CountInterval:
    interval = count_interval(count, doubt)
    return analytics_pb2.CountInterval(low=interval.low, high=interval.high)


def zone_counts_response(
    counts: Sequence[ZoneCount],
) -> analytics_service_pb2.QueryZoneCountsResponse:
    """The answer to a query for visits."""
    return analytics_service_pb2.QueryZoneCountsResponse(
        counts=[
            analytics_pb2.ZoneCount(
                camera_id=count.camera_id,
                zone=count.zone,
                start_time=to_timestamp(count.start),
                end_time=to_timestamp(count.end),
                entries=count.entries,
                exits=count.exits,
                peak_occupancy=count.peak_occupancy,
                mean_dwell=None if count.mean_dwell is None else to_duration(count.mean_dwell),
                observed=to_duration(count.observed),
                time_zone=count.time_zone,
            )
            for count in counts
        ]
    )


def flows_response(flows: Sequence[Flow]) -> analytics_service_pb2.QueryFlowsResponse:
    """The answer to a query for ways."""
    return analytics_service_pb2.QueryFlowsResponse(
        flows=[
            analytics_pb2.Flow(previous_line=flow.previous_line, line=flow.line, count=flow.count)
            for flow in flows
        ]
    )


def heat_map_response(heat: Mapping[int, int]) -> analytics_service_pb2.QueryHeatMapResponse:
    """The answer to a query for a heat map."""
    return analytics_service_pb2.QueryHeatMapResponse(
        columns=HEAT_COLUMNS,
        rows=HEAT_ROWS,
        seconds=[heat.get(cell, 0) / 1000 for cell in range(HEAT_ROWS * HEAT_COLUMNS)],
    )


def crossings_response(page: CrossingPage) -> analytics_service_pb2.ListCrossingsResponse:
    """A page of crossings."""
    return analytics_service_pb2.ListCrossingsResponse(
        crossings=[crossing_record(stored) for stored in page.crossings],
        next_page_token=page.next_page_token,
    )


def crossing_record(stored: StoredCrossing) -> analytics_pb2.CrossingRecord:
    """A stored crossing."""
    crossing = stored.crossing
    expire_time = crossing.picture_expire_time
    return analytics_pb2.CrossingRecord(
        camera_id=stored.camera_id,
        run_id=stored.run_id,
        crossing=count_pb2.Crossing(
            id=crossing.id,
            line=crossing.line,
            direction=DIRECTION_VALUES[crossing.direction],
            time=to_timestamp(crossing.time),
            track=crossing.track,
            ordinal=crossing.ordinal,
            object_class=crossing.object_class,
            score=crossing.score,
            confidence=crossing.confidence,
            evidence=[_EVIDENCE_VALUES[each] for each in crossing.evidence],
            gap=to_duration(crossing.gap) if crossing.gap else None,
            previous_line=crossing.previous_line,
            speed_mps=crossing.speed_mps,
            picture_expire_time=to_timestamp(expire_time) if expire_time else None,
        ),
        config_version=stored.config_version,
        detector=stored.detector,
    )


def _datetime(timestamp: Timestamp) -> datetime:
    return timestamp.ToDatetime(tzinfo=UTC)


def to_timestamp(moment: datetime) -> Timestamp:
    """The moment as contracts have it."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def to_duration(length: timedelta) -> Duration:
    """The length of time as contracts have it."""
    duration = Duration()
    duration.FromTimedelta(length)
    return duration
