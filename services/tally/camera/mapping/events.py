"""Domain events and the contract's messages that are stored and published for them."""

from datetime import datetime
from typing import assert_never

from google.protobuf.message import Message

from tally.api.camera.v1 import events_pb2
from tally.camera.domain.events import (
    CameraActivated,
    CameraCountingChanged,
    CameraCreated,
    CameraCredentialsResealed,
    CameraDeactivated,
    CameraDeleted,
    CameraEvent,
    CameraLabelsChanged,
    CameraMoved,
    CameraRelocated,
    CameraRenamed,
    CameraStreamChanged,
)
from tally.camera.domain.spec import CameraSpec
from tally.camera.mapping.values import (
    counting_from_proto,
    counting_to_proto,
    location_from_proto,
    location_to_proto,
    stream_from_proto,
    stream_to_proto,
)
from tally.kernel.event_store import UNCHANGED

UPCASTERS = UNCHANGED


def event_to_proto(event: CameraEvent) -> Message:
    """The event's message; its time travels beside it."""
    id_ = event.camera_id
    match event:
        case CameraCreated(spec=spec, sealed_credentials=sealed):
            return events_pb2.CameraCreated(
                camera_id=id_,
                name=spec.name,
                stream=stream_to_proto(spec.stream),
                counting=counting_to_proto(spec.counting),
                labels=spec.labels,
                sealed_credentials=sealed,
                site_id=spec.site_id,
                area_id=spec.area_id,
                location=location_to_proto(spec.location),
            )
        case CameraRenamed(name=name):
            return events_pb2.CameraRenamed(camera_id=id_, name=name)
        case CameraStreamChanged(stream=stream, sealed_credentials=sealed):
            return events_pb2.CameraStreamChanged(
                camera_id=id_, stream=stream_to_proto(stream), sealed_credentials=sealed
            )
        case CameraCredentialsResealed(sealed_credentials=sealed):
            return events_pb2.CameraCredentialsResealed(camera_id=id_, sealed_credentials=sealed)
        case CameraCountingChanged(counting=counting):
            return events_pb2.CameraCountingChanged(
                camera_id=id_, counting=counting_to_proto(counting)
            )
        case CameraLabelsChanged(labels=labels):
            return events_pb2.CameraLabelsChanged(camera_id=id_, labels=labels)
        case CameraMoved(site_id=site_id, area_id=area_id):
            return events_pb2.CameraMoved(camera_id=id_, site_id=site_id, area_id=area_id)
        case CameraRelocated(location=location):
            return events_pb2.CameraRelocated(camera_id=id_, location=location_to_proto(location))
        case CameraActivated():
            return events_pb2.CameraActivated(camera_id=id_)
        case CameraDeactivated():
            return events_pb2.CameraDeactivated(camera_id=id_)
        case CameraDeleted():
            return events_pb2.CameraDeleted(camera_id=id_)
        case _:
            assert_never(event)


def event_from_proto(message: Message, time: datetime) -> CameraEvent:
    """The event that `message` tells of.

    Raises:
        TypeError: It is no camera event.
    """
    match message:
        case events_pb2.CameraCreated():
            spec = CameraSpec(
                name=message.name,
                stream=stream_from_proto(message.stream),
                counting=counting_from_proto(message.counting),
                labels=dict(message.labels),
                site_id=message.site_id,
                area_id=message.area_id,
                location=location_from_proto(message.location),
            )
            return CameraCreated(
                camera_id=message.camera_id,
                time=time,
                spec=spec,
                sealed_credentials=message.sealed_credentials,
            )
        case events_pb2.CameraRenamed():
            return CameraRenamed(camera_id=message.camera_id, time=time, name=message.name)
        case events_pb2.CameraStreamChanged():
            return CameraStreamChanged(
                camera_id=message.camera_id,
                time=time,
                stream=stream_from_proto(message.stream),
                sealed_credentials=message.sealed_credentials,
            )
        case events_pb2.CameraCredentialsResealed():
            return CameraCredentialsResealed(
                camera_id=message.camera_id,
                time=time,
                sealed_credentials=message.sealed_credentials,
            )
        case events_pb2.CameraCountingChanged():
            counting = counting_from_proto(message.counting)
            return CameraCountingChanged(camera_id=message.camera_id, time=time, counting=counting)
        case events_pb2.CameraLabelsChanged():
            labels = dict(message.labels)
            return CameraLabelsChanged(camera_id=message.camera_id, time=time, labels=labels)
        case events_pb2.CameraMoved():
            return CameraMoved(
                camera_id=message.camera_id,
                time=time,
                site_id=message.site_id,
                area_id=message.area_id,
            )
        case events_pb2.CameraRelocated():
            location = location_from_proto(message.location)
            return CameraRelocated(camera_id=message.camera_id, time=time, location=location)
        case events_pb2.CameraActivated():
            return CameraActivated(camera_id=message.camera_id, time=time)
        case events_pb2.CameraDeactivated():
            return CameraDeactivated(camera_id=message.camera_id, time=time)
        case events_pb2.CameraDeleted():
            return CameraDeleted(camera_id=message.camera_id, time=time)
        case _:
            raise TypeError(f"{message.DESCRIPTOR.full_name} is no camera event")
