"""The camera resource and its stream status."""

from datetime import UTC

from tally.api.camera.v1 import camera_pb2, status_service_pb2, stream_pb2
from tally.camera.domain.model import CameraState, CameraView
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.status import CameraStatus
from tally.camera.domain.stream import StreamCondition, StreamState, StreamStatus
from tally.camera.mapping.values import (
    counting_from_proto,
    counting_to_proto,
    location_from_proto,
    location_to_proto,
    stream_from_proto,
    stream_to_proto,
)
from tally.kernel.messages import moment

_STATE_TO_PROTO = {
    CameraState.INACTIVE: camera_pb2.CAMERA_STATE_INACTIVE,
    CameraState.ACTIVE: camera_pb2.CAMERA_STATE_ACTIVE,
}
_STREAM_STATE_TO_PROTO = {
    StreamState.CONNECTING: stream_pb2.STREAM_STATE_CONNECTING,
    StreamState.STREAMING: stream_pb2.STREAM_STATE_STREAMING,
    StreamState.UNREACHABLE: stream_pb2.STREAM_STATE_UNREACHABLE,
    StreamState.ENDED: stream_pb2.STREAM_STATE_ENDED,
    StreamState.RESTING: stream_pb2.STREAM_STATE_RESTING,
}
_STREAM_STATE_FROM_PROTO = {number: state for state, number in _STREAM_STATE_TO_PROTO.items()}
_CONDITION_TO_PROTO = {
    StreamCondition.FROZEN: stream_pb2.StreamCondition.KIND_FROZEN,
    StreamCondition.OBSCURED: stream_pb2.StreamCondition.KIND_OBSCURED,
    StreamCondition.VIEW_MOVED: stream_pb2.StreamCondition.KIND_VIEW_MOVED,
    StreamCondition.SLOW: stream_pb2.StreamCondition.KIND_SLOW,
}
_CONDITION_FROM_PROTO = {number: each for each, number in _CONDITION_TO_PROTO.items()}


def camera_to_proto(view: CameraView) -> camera_pb2.Camera:
    """The whole resource."""
    camera = view.camera
    message = spec_to_proto(camera.spec)
    message.id = camera.id
    message.stream.credentials_set = bool(camera.sealed_credentials)
    message.state = _STATE_TO_PROTO[camera.state]
    message.etag = camera.etag
    message.create_time.FromDatetime(camera.create_time)
    message.update_time.FromDatetime(camera.update_time)
    if view.stream_status is not None:
        message.stream_status.CopyFrom(_status_to_proto(view.stream_status))
    return message


def camera_status_to_proto(status: CameraStatus) -> status_service_pb2.CameraStatus:
    """How a camera does, as the contract has it."""
    return status_service_pb2.CameraStatus(
        camera_id=status.camera_id,
        name=status.name,
        site_id=status.site_id,
        state=_STATE_TO_PROTO[status.state],
        stream_status=None if status.stream is None else _status_to_proto(status.stream),
    )


def spec_to_proto(spec: CameraSpec) -> camera_pb2.Camera:
    """The fields that users decide about."""
    return camera_pb2.Camera(
        name=spec.name,
        stream=stream_to_proto(spec.stream),
        counting=counting_to_proto(spec.counting),
        labels=spec.labels,
        site_id=spec.site_id,
        area_id=spec.area_id,
        location=location_to_proto(spec.location),
    )


def spec_from_proto(message: camera_pb2.Camera) -> CameraSpec:
    """The fields that users decide about; the others are ignored."""
    return CameraSpec(
        name=message.name,
        stream=stream_from_proto(message.stream),
        counting=counting_from_proto(message.counting),
        labels=dict(message.labels),
        site_id=message.site_id.lower(),
        area_id=message.area_id.lower(),
        location=location_from_proto(message.location),
    )


def status_from_proto(message: stream_pb2.StreamStatus) -> StreamStatus:
    """What a worker said of a stream.

    Raises:
        ValueError: It says no state, or not when it says so.
    """
    if message.state not in _STREAM_STATE_FROM_PROTO or not message.HasField("update_time"):
        raise ValueError(f"a stream status needs a known state and a time: {message}")
    return StreamStatus(
        state=_STREAM_STATE_FROM_PROTO[message.state],
        update_time=message.update_time.ToDatetime(UTC),
        reason=message.reason,
        detector=message.detector,
        frames_per_second=message.frames_per_second,
        frames_processed=message.frames_processed,
        frames_dropped=message.frames_dropped,
        frames_corrupt=message.frames_corrupt,
        last_frame_time=moment(message, "last_frame_time"),
        width=message.width,
        height=message.height,
        nominal_frames_per_second=message.nominal_frames_per_second,
        reconnects=message.reconnects,
        since=moment(message, "start_time"),
        conditions={
            _CONDITION_FROM_PROTO[each.kind]: each.start_time.ToDatetime(UTC)
            for each in message.conditions
            if each.kind in _CONDITION_FROM_PROTO
        },
    )


def _status_to_proto(status: StreamStatus) -> stream_pb2.StreamStatus:
    message = stream_pb2.StreamStatus(
        state=_STREAM_STATE_TO_PROTO[status.state],
        reason=status.reason,
        frames_per_second=status.frames_per_second,
        frames_processed=status.frames_processed,
        frames_dropped=status.frames_dropped,
        frames_corrupt=status.frames_corrupt,
        detector=status.detector,
        width=status.width,
        height=status.height,
        nominal_frames_per_second=status.nominal_frames_per_second,
        reconnects=status.reconnects,
    )
    message.update_time.FromDatetime(status.update_time)
    if status.last_frame_time is not None:
        message.last_frame_time.FromDatetime(status.last_frame_time)
    if status.since is not None:
        message.start_time.FromDatetime(status.since)
    for kind, start in status.conditions.items():
        condition = message.conditions.add(kind=_CONDITION_TO_PROTO[kind])
        condition.start_time.FromDatetime(start)
    return message
