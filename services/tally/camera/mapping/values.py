"""Streams and counting configurations, which resources and events have in common."""

from tally.api.camera.v1 import location_pb2, stream_pb2
from tally.api.counting.v1 import geometry_pb2, schedule_pb2
from tally.camera.domain.counting import (
    Anchor,
    CountingConfig,
    FloorPlace,
    HidePeople,
    Line,
    LinePair,
    Mask,
    Point,
    Privacy,
    PrivacyArea,
    Schedule,
    Zone,
)
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.hours import Hours, Weekday
from tally.camera.domain.location import NOWHERE, GeoPoint, Location
from tally.camera.domain.stream import Pace, Stream

_PACE_TO_PROTO = {
    Pace.REALTIME: stream_pb2.PACE_REALTIME,
    Pace.AS_FAST_AS_POSSIBLE: stream_pb2.PACE_AS_FAST_AS_POSSIBLE,
}
_PACE_FROM_PROTO = {number: pace for pace, number in _PACE_TO_PROTO.items()} | {
    stream_pb2.PACE_UNSPECIFIED: Pace.REALTIME
}
_ANCHOR_TO_PROTO = {
    Anchor.FOOT: geometry_pb2.ANCHOR_FOOT,
    Anchor.CENTRE: geometry_pb2.ANCHOR_CENTRE,
    Anchor.HEAD: geometry_pb2.ANCHOR_HEAD,
}
_ANCHOR_FROM_PROTO = {number: anchor for anchor, number in _ANCHOR_TO_PROTO.items()} | {
    geometry_pb2.ANCHOR_UNSPECIFIED: Anchor.FOOT
}

_HIDE_PEOPLE_TO_PROTO = {
    HidePeople.UNLESS_PERMITTED: geometry_pb2.HIDE_PEOPLE_UNLESS_PERMITTED,
    HidePeople.ALWAYS: geometry_pb2.HIDE_PEOPLE_ALWAYS,
}
_HIDE_PEOPLE_FROM_PROTO = {number: hide for hide, number in _HIDE_PEOPLE_TO_PROTO.items()} | {
    geometry_pb2.HIDE_PEOPLE_UNSPECIFIED: HidePeople.UNLESS_PERMITTED
}


def stream_to_proto(stream: Stream) -> stream_pb2.Stream:
    """The stream as the contract has it."""
    return stream_pb2.Stream(uri=stream.uri, pace=_PACE_TO_PROTO[stream.pace])


def stream_from_proto(message: stream_pb2.Stream) -> Stream:
    """The stream; a pace left open is real time."""
    return Stream(message.uri, _PACE_FROM_PROTO[message.pace])


def credentials_from_proto(message: stream_pb2.StreamCredentials) -> Credentials:
    """The credentials; none if the message is empty."""
    return Credentials(message.username, message.password)


def location_to_proto(location: Location) -> location_pb2.Location | None:
    """The location as the contract has it; None for nowhere."""
    if location == NOWHERE:
        return None
    message = location_pb2.Location(description=location.description)
    if location.point:
        message.point.latitude = location.point.latitude
        message.point.longitude = location.point.longitude
        message.point.SetInParent()
    return message


def location_from_proto(message: location_pb2.Location) -> Location:
    """The location; nowhere if the message is absent or empty."""
    point = message.point
    return Location(
        message.description,
        GeoPoint(point.latitude, point.longitude) if message.HasField("point") else None,
    )


def counting_to_proto(counting: CountingConfig) -> geometry_pb2.CountingConfig:
    """The counting configuration as the contract has it."""
    message = geometry_pb2.CountingConfig(
        lines=[_line_to_proto(line) for line in counting.lines],
        zones=[_zone_to_proto(zone) for zone in counting.zones],
        detector=counting.detector,
        classes=counting.classes,
        masks=[
            geometry_pb2.Mask(
                polygon=[_point_to_proto(corner) for corner in mask.polygon],
                anchor=_ANCHOR_TO_PROTO[mask.anchor],
            )
            for mask in counting.masks
        ],
        calibration=[
            geometry_pb2.FloorPlace(
                picture=_point_to_proto(place.picture), x_m=place.x_m, y_m=place.y_m
            )
            for place in counting.calibration
        ],
        max_frames_per_second=counting.max_frames_per_second,
        min_score=counting.min_score,
        schedule=_schedule_to_proto(counting.schedule) if counting.schedule else None,
        privacy=privacy_to_proto(counting.privacy),
    )
    if counting.picture_retention:
        message.picture_retention.FromTimedelta(counting.picture_retention)
    return message


def counting_from_proto(message: geometry_pb2.CountingConfig) -> CountingConfig:
    """The counting configuration; an anchor left open is the foot point."""
    return CountingConfig(
        lines=tuple(_line_from_proto(line) for line in message.lines),
        zones=tuple(_zone_from_proto(zone) for zone in message.zones),
        detector=message.detector,
        classes=tuple(message.classes),
        masks=tuple(
            Mask(
                tuple(_point_from_proto(corner) for corner in mask.polygon),
                _ANCHOR_FROM_PROTO[mask.anchor],
            )
            for mask in message.masks
        ),
        calibration=tuple(
            FloorPlace(_point_from_proto(place.picture), place.x_m, place.y_m)
            for place in message.calibration
        ),
        max_frames_per_second=message.max_frames_per_second,
        min_score=message.min_score,
        picture_retention=message.picture_retention.ToTimedelta(),
        schedule=_schedule_from_proto(message.schedule) if message.HasField("schedule") else None,
        privacy=_privacy_from_proto(message.privacy),
    )


def _schedule_to_proto(schedule: Schedule) -> schedule_pb2.Schedule:
    return schedule_pb2.Schedule(
        time_zone=schedule.time_zone,
        hours=[
            schedule_pb2.CountingHours(day=hours.day, begins=hours.opens, ends=hours.closes)
            for hours in schedule.hours
        ],
    )


def _schedule_from_proto(message: schedule_pb2.Schedule) -> Schedule:
    return Schedule(
        message.time_zone,
        tuple(Hours(Weekday(hours.day), hours.begins, hours.ends) for hours in message.hours),
    )


def privacy_to_proto(privacy: Privacy) -> geometry_pb2.Privacy | None:
    """What is not to be seen, as the contract has it; None for what is not to be seen by default."""
    if privacy == Privacy():
        return None
    return geometry_pb2.Privacy(
        hide_people=_HIDE_PEOPLE_TO_PROTO[privacy.hide_people],
        areas=[
            geometry_pb2.PrivacyArea(polygon=[_point_to_proto(corner) for corner in area.polygon])
            for area in privacy.areas
        ],
    )


def _privacy_from_proto(message: geometry_pb2.Privacy) -> Privacy:
    return Privacy(
        _HIDE_PEOPLE_FROM_PROTO[message.hide_people],
        tuple(
            PrivacyArea(tuple(_point_from_proto(corner) for corner in area.polygon))
            for area in message.areas
        ),
    )


def _line_to_proto(line: Line) -> geometry_pb2.Line:
    message = geometry_pb2.Line(
        name=line.name,
        anchor=_ANCHOR_TO_PROTO[line.anchor],
        in_name=line.in_name,
        out_name=line.out_name,
    )
    points = [_point_to_proto(point) for point in line.points]
    if len(points) == 2:
        message.start.CopyFrom(points[0])
        message.end.CopyFrom(points[1])
    else:
        message.points.extend(points)
    if line.u_turn_window:
        message.u_turn_window.FromTimedelta(line.u_turn_window)
    if line.pair:
        message.pair.line, message.pair.distance_m = line.pair.line, line.pair.distance_m
    return message


def _line_from_proto(message: geometry_pb2.Line) -> Line:
    return Line(
        message.name,
        tuple(map(_point_from_proto, message.points or (message.start, message.end))),
        _ANCHOR_FROM_PROTO[message.anchor],
        message.in_name,
        message.out_name,
        message.u_turn_window.ToTimedelta(),
        LinePair(message.pair.line, message.pair.distance_m) if message.HasField("pair") else None,
    )


def _zone_to_proto(zone: Zone) -> geometry_pb2.Zone:
    message = geometry_pb2.Zone(
        name=zone.name,
        polygon=[_point_to_proto(corner) for corner in zone.polygon],
        anchor=_ANCHOR_TO_PROTO[zone.anchor],
        queue=zone.queue,
        restricted=zone.restricted,
    )
    if zone.loitering_after:
        message.loitering_after.FromTimedelta(zone.loitering_after)
    return message


def _zone_from_proto(message: geometry_pb2.Zone) -> Zone:
    return Zone(
        message.name,
        tuple(_point_from_proto(corner) for corner in message.polygon),
        _ANCHOR_FROM_PROTO[message.anchor],
        message.loitering_after.ToTimedelta(),
        message.queue,
        message.restricted,
    )


def _point_to_proto(point: Point) -> geometry_pb2.Point:
    return geometry_pb2.Point(x=point.x, y=point.y)


def _point_from_proto(message: geometry_pb2.Point) -> Point:
    return Point(message.x, message.y)
