"""What happened to a camera, and the past that a caller asks for."""

from datetime import UTC, datetime

from tally.api.camera.v1 import camera_service_pb2, history_pb2
from tally.camera.domain.events import RecordedEvent
from tally.camera.mapping.events import event_to_proto

_FIELDS = {
    field.message_type.full_name: field.name
    for field in history_pb2.CameraEvent.DESCRIPTOR.oneofs_by_name["change"].fields
    if field.message_type is not None
}


def recorded_to_proto(recorded: RecordedEvent) -> history_pb2.CameraEvent:
    """The event as people see it, without credentials, which only workers may see even encrypted."""
    message = history_pb2.CameraEvent(version=recorded.version, actor=recorded.actor)
    message.time.FromDatetime(recorded.event.time)
    change = event_to_proto(recorded.event)
    if "sealed_credentials" in change.DESCRIPTOR.fields_by_name:
        change.ClearField("sealed_credentials")
    shown = getattr(message, _FIELDS[change.DESCRIPTOR.full_name])
    shown.SetInParent()
    shown.CopyFrom(change)
    return message


def past_from_proto(request: camera_service_pb2.GetCameraRequest) -> int | datetime | None:
    """The version or the time that the caller asks for; None for the present."""
    match request.WhichOneof("past"):
        case "version":
            return request.version
        case "as_of":
            return request.as_of.ToDatetime(UTC)
        case _:
            return None
