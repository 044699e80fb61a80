"""Between the pool's contract and what the worker works with; nothing else knows both."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import inf
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1 import geometry_pb2, schedule_pb2
from tally.api.worker.v1 import worker_pb2
from tally.counting import Anchor, Calibration, Direction, Line, Mask, Pair, Zone
from tally.worker.agent.health import Condition
from tally.worker.agent.privacy import Privacy
from tally.worker.agent.runner import CameraRunner
from tally.worker.agent.schedule import Schedule, Span
from tally.worker.agent.sources import Pace
from tally.worker.agent.status import StreamState, StreamStatus
from tally.worker.agent.task import CameraTask

_PACES = {
    stream_pb2.PACE_UNSPECIFIED: Pace.REALTIME,
    stream_pb2.PACE_REALTIME: Pace.REALTIME,
    stream_pb2.PACE_AS_FAST_AS_POSSIBLE: Pace.AS_FAST_AS_POSSIBLE,
}
_ANCHORS = {
    geometry_pb2.ANCHOR_UNSPECIFIED: Anchor.FOOT,
    geometry_pb2.ANCHOR_FOOT: Anchor.FOOT,
    geometry_pb2.ANCHOR_CENTRE: Anchor.CENTRE,
    geometry_pb2.ANCHOR_HEAD: Anchor.HEAD,
}
_STATES = {
    StreamState.CONNECTING: stream_pb2.STREAM_STATE_CONNECTING,
    StreamState.STREAMING: stream_pb2.STREAM_STATE_STREAMING,
    StreamState.UNREACHABLE: stream_pb2.STREAM_STATE_UNREACHABLE,
    StreamState.ENDED: stream_pb2.STREAM_STATE_ENDED,
    StreamState.RESTING: stream_pb2.STREAM_STATE_RESTING,
}
_CONDITIONS = {
    Condition.FROZEN: stream_pb2.StreamCondition.KIND_FROZEN,
    Condition.OBSCURED: stream_pb2.StreamCondition.KIND_OBSCURED,
    Condition.VIEW_MOVED: stream_pb2.StreamCondition.KIND_VIEW_MOVED,
    Condition.SLOW: stream_pb2.StreamCondition.KIND_SLOW,
}


def task_from_proto(assignment: worker_pb2.Assignment) -> CameraTask:
    """The task that an assignment sets.

    Raises:
        ValueError: A line, zone or mask is none, or nobody here knows the time zone.
    """
    counting = assignment.counting
    lines, zones, masks = shapes_from_proto(counting)
    return CameraTask(
        camera_id=assignment.camera_id,
        name=assignment.camera_name,
        epoch=assignment.epoch,
        config_version=assignment.config_version,
        uri=assignment.stream.uri,
        pace=_PACES[assignment.stream.pace],
        lines=lines,
        zones=zones,
        masks=masks,
        calibration=_calibration(counting.calibration),
        detector=counting.detector,
        classes=tuple(counting.classes),
        max_fps=counting.max_frames_per_second,
        min_score=counting.min_score,
        picture_retention=counting.picture_retention.ToTimedelta(),
        schedule=_schedule(counting.schedule) if counting.HasField("schedule") else None,
        privacy=privacy_from_proto(counting.privacy),
        activate_time=assignment.activate_time.ToDatetime(UTC),
        sealed_credentials=assignment.sealed_credentials,
        site_id=assignment.site_id,
    )


def shapes_from_proto(
    counting: geometry_pb2.CountingConfig,
) -> tuple[tuple[Line, ...], tuple[Zone, ...], tuple[Mask, ...]]:
    """The lines, zones and masks of a configuration.

    Raises:
        ValueError: One of them is none.
    """
    return (
        tuple(map(_line, counting.lines)),
        tuple(map(_zone, counting.zones)),
        tuple(
            Mask(tuple(map(_point, mask.polygon)), _ANCHORS[mask.anchor]) for mask in counting.masks
        ),
    )


def privacy_from_proto(privacy: geometry_pb2.Privacy) -> Privacy:
    """What is not to be seen in a camera's pictures."""
    return Privacy(
        privacy.hide_people == geometry_pb2.HIDE_PEOPLE_ALWAYS,
        tuple(tuple(map(_point, area.polygon)) for area in privacy.areas),
    )


def running_to_proto(
    cameras: Iterable[CameraRunner], now: datetime
) -> list[worker_pb2.RunningCamera]:
    """What the worker says of its cameras."""
    return [
        worker_pb2.RunningCamera(
            camera_id=camera.task.camera_id,
            epoch=camera.task.epoch,
            status=status_to_proto(camera.status, now),
        )
        for camera in cameras
    ]


def state_to_proto(state: StreamState) -> stream_pb2.StreamState.ValueType:
    """The state as the contract has it."""
    return _STATES[state]


def status_to_proto(status: StreamStatus, now: datetime) -> stream_pb2.StreamStatus:
    """What the worker says of a stream at the moment `now`."""
    figures = status.figures
    last = figures.last_frame_time
    return stream_pb2.StreamStatus(
        state=state_to_proto(status.state),
        reason=status.reason,
        frames_per_second=figures.meter.rate(),
        frames_processed=figures.frames_processed,
        frames_dropped=figures.frames_dropped,
        frames_corrupt=figures.frames_corrupt,
        last_frame_time=None if last is None else _timestamp(last),
        detector=figures.detector,
        width=figures.width,
        height=figures.height,
        nominal_frames_per_second=figures.nominal_fps,
        reconnects=status.reconnects,
        start_time=_timestamp(status.since),
        update_time=_timestamp(now),
        conditions=[
            stream_pb2.StreamCondition(kind=_CONDITIONS[kind], start_time=_timestamp(start))
            for kind, start in figures.conditions.items()
        ],
    )


def _line(line: geometry_pb2.Line) -> Line:
    return Line(
        line.name,
        tuple(map(_point, line.points or (line.start, line.end))),
        _ANCHORS[line.anchor],
        line.in_name or Direction.IN.value,
        line.out_name or Direction.OUT.value,
        line.u_turn_window.ToTimedelta().total_seconds(),
        Pair(line.pair.line, line.pair.distance_m) if line.HasField("pair") else None,
    )


def _zone(zone: geometry_pb2.Zone) -> Zone:
    return Zone(
        zone.name,
        tuple(map(_point, zone.polygon)),
        _ANCHORS[zone.anchor],
        zone.loitering_after.ToTimedelta().total_seconds() or inf,
        zone.queue,
        zone.restricted,
    )


def _calibration(places: Sequence[geometry_pb2.FloorPlace]) -> Calibration | None:
    if not places:
        return None
    return Calibration(
        tuple(_point(place.picture) for place in places),
        tuple((place.x_m, place.y_m) for place in places),
    )


def _schedule(schedule: schedule_pb2.Schedule) -> Schedule:
    try:
        zone = ZoneInfo(schedule.time_zone)
    except ZoneInfoNotFoundError as error:
        raise ValueError(f"this worker knows no time zone {schedule.time_zone!r}") from error
    return Schedule(
        zone,
        tuple(
            Span(hours.day, _minutes(hours.begins), _minutes(hours.ends))
            for hours in schedule.hours
        ),
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _point(point: geometry_pb2.Point) -> tuple[float, float]:
    return point.x, point.y


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
