"""Between the contracts' messages and the domain; nothing else knows both."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.camera.v1 import events_pb2 as camera_events
from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1 import events_pb2, scaling_service_pb2, worker_pb2, worker_service_pb2
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.messages import moment
from tally.worker.domain.assignment import Admission, Selector
from tally.worker.domain.camera import CameraChange, CameraState
from tally.worker.domain.events import (
    CameraAssigned,
    CameraUnassigned,
    ModelsReported,
    PoolEvent,
    StreamStateChanged,
)
from tally.worker.domain.load import FrameCosts
from tally.worker.domain.model import Assignment, Hardware, SpoolStatus, Worker
from tally.worker.domain.scaling import Demand, Scaling
from tally.worker.domain.stream import RunningCamera, StreamCondition, StreamState, StreamStatus

_STATES_TO_PROTO = {
    StreamState.CONNECTING: stream_pb2.STREAM_STATE_CONNECTING,
    StreamState.STREAMING: stream_pb2.STREAM_STATE_STREAMING,
    StreamState.UNREACHABLE: stream_pb2.STREAM_STATE_UNREACHABLE,
    StreamState.ENDED: stream_pb2.STREAM_STATE_ENDED,
    StreamState.RESTING: stream_pb2.STREAM_STATE_RESTING,
}
_STATES_FROM_PROTO = {number: state for state, number in _STATES_TO_PROTO.items()}
_CONDITIONS_TO_PROTO = {
    StreamCondition.FROZEN: stream_pb2.StreamCondition.KIND_FROZEN,
    StreamCondition.OBSCURED: stream_pb2.StreamCondition.KIND_OBSCURED,
    StreamCondition.VIEW_MOVED: stream_pb2.StreamCondition.KIND_VIEW_MOVED,
    StreamCondition.SLOW: stream_pb2.StreamCondition.KIND_SLOW,
}
_CONDITIONS_FROM_PROTO = {number: each for each, number in _CONDITIONS_TO_PROTO.items()}
_ADMISSIONS = {
    Admission.OPEN: worker_pb2.WORKER_ADMISSION_OPEN,
    Admission.CORDONED: worker_pb2.WORKER_ADMISSION_CORDONED,
    Admission.DRAINING: worker_pb2.WORKER_ADMISSION_DRAINING,
}

_DEMANDS = {
    Demand.CAMERAS: scaling_service_pb2.SCALING_DEMAND_CAMERAS,
    Demand.LOAD: scaling_service_pb2.SCALING_DEMAND_LOAD,
}


def selector_from_proto(message: worker_pb2.CameraSelector) -> Selector:
    """Which cameras a worker takes."""
    return Selector(
        tuple(sorted(site_id.lower() for site_id in message.site_ids)),
        tuple(sorted(message.labels.items())),
    )


def hardware_from_proto(message: worker_pb2.Hardware) -> Hardware:
    """What a worker runs on."""
    return Hardware(message.cores, tuple(message.gpus))


def frame_costs_from_proto(request: worker_service_pb2.ReportModelsRequest) -> FrameCosts:
    """What a frame costs a worker, by detector, as far as it says so."""
    return {
        model.name: model.latency.p50_ms / model.latency.frames_at_once
        for model in request.models
        if model.latency.frames_at_once
    }


def running_from_proto(request: worker_service_pb2.RenewLeaseRequest) -> tuple[RunningCamera, ...]:
    """What a worker says of its cameras.

    Raises:
        InvalidInput: It says of a stream no state, or not when it says so.
    """
    violations = [
        FieldViolation(f"cameras[{index}].status", "needs a known state and an update_time")
        for index, camera in enumerate(request.cameras)
        if camera.status.state not in _STATES_FROM_PROTO
        or not camera.status.HasField("update_time")
    ]
    if violations:
        raise InvalidInput(violations)
    return tuple(
        RunningCamera(camera.camera_id.lower(), camera.epoch, _status_from_proto(camera.status))
        for camera in request.cameras
    )


def spool_from_proto(request: worker_service_pb2.RenewLeaseRequest) -> SpoolStatus | None:
    """What a worker says of its spool; None if nothing."""
    if not request.HasField("spool"):
        return None
    spool = request.spool
    return SpoolStatus(
        waiting_bytes=spool.waiting_bytes,
        max_bytes=spool.max_bytes,
        oldest_time=moment(spool, "oldest_time"),
        full=spool.full,
    )


def worker_to_proto(worker: Worker, now: datetime, load: float = 0.0) -> worker_pb2.Worker:
    """The whole resource; with its load where that was asked for."""
    return worker_pb2.Worker(
        id=worker.id,
        name=worker.name,
        capacity=worker.capacity,
        state=worker_pb2.WORKER_STATE_ALIVE if worker.alive(now) else worker_pb2.WORKER_STATE_GONE,
        register_time=_timestamp(worker.register_time),
        lease_expire_time=_timestamp(worker.lease_expire_time),
        cameras=[
            worker_pb2.RunningCamera(
                camera_id=camera.camera_id,
                epoch=camera.epoch,
                status=_status_to_proto(camera.status),
            )
            for camera in worker.cameras
        ],
        selector=worker_pb2.CameraSelector(
            site_ids=worker.selector.site_ids, labels=dict(worker.selector.labels)
        ),
        admission=_ADMISSIONS[worker.admission],
        spool=None if worker.spool is None else _spool_to_proto(worker.spool),
        hardware=worker_pb2.Hardware(cores=worker.hardware.cores, gpus=worker.hardware.gpus),
        load=load,
    )


def scaling_to_proto(
    found: Scaling, target_utilisation: float
) -> scaling_service_pb2.GetScalingResponse:
    """How the pool is used."""
    return scaling_service_pb2.GetScalingResponse(
        wanted_cameras=found.wanted,
        waiting_cameras=found.waiting,
        workers=found.workers,
        capacity=found.capacity,
        desired_workers=found.desired_workers,
        target_utilisation=target_utilisation,
        load=found.load,
        demand=_DEMANDS[found.demand],
    )


def assignment_to_proto(assignment: Assignment) -> worker_pb2.Assignment:
    """What a worker is to run."""
    return worker_pb2.Assignment(
        camera_id=assignment.camera_id,
        camera_name=assignment.name,
        site_id=assignment.site_id,
        epoch=assignment.epoch,
        config_version=assignment.config_version,
        stream=stream_pb2.Stream.FromString(assignment.stream),
        sealed_credentials=assignment.sealed_credentials,
        counting=geometry_pb2.CountingConfig.FromString(assignment.counting),
        activate_time=_timestamp(assignment.activate_time),
    )


def event_to_proto(event: PoolEvent) -> Message:
    """The event's message; its time travels beside it."""
    match event:
        case CameraAssigned():
            return events_pb2.CameraAssigned(
                camera_id=event.camera_id, worker_id=event.worker_id, epoch=event.epoch
            )
        case CameraUnassigned():
            return events_pb2.CameraUnassigned(
                camera_id=event.camera_id, worker_id=event.worker_id, epoch=event.epoch
            )
        case StreamStateChanged():
            return events_pb2.StreamStateChanged(
                camera_id=event.camera_id, epoch=event.epoch, status=_status_to_proto(event.status)
            )
        case ModelsReported():
            said = worker_service_pb2.ReportModelsRequest.FromString(event.models)
            return events_pb2.ModelsReported(
                worker_id=event.worker_id, worker_name=event.worker_name, models=said.models
            )


def change_from_proto(message: Message, version: int, time: datetime) -> CameraChange:
    """What an event of the camera context says, as far as the pool cares.

    Args:
        message: The event.
        version: Its position among the camera's events.
        time: When it happened.

    Raises:
        ValueError: It is no camera event, or has no position.
    """
    if version < 1:
        raise ValueError(f"a {message.DESCRIPTOR.full_name} must say which of its camera's it is")
    name: str | None = None
    site_id: str | None = None
    labels: dict[str, str] | None = None
    stream: stream_pb2.Stream | None = None
    sealed_credentials: bytes | None = None
    counting: geometry_pb2.CountingConfig | None = None
    state: CameraState | None = None
    match message:
        case camera_events.CameraCreated():
            name, stream, counting = message.name, message.stream, message.counting
            sealed_credentials, site_id = message.sealed_credentials, message.site_id
            labels = dict(message.labels)
            state = CameraState.INACTIVE
        case camera_events.CameraRenamed():
            name = message.name
        case camera_events.CameraMoved():
            site_id = message.site_id
        case camera_events.CameraStreamChanged():
            stream, sealed_credentials = message.stream, message.sealed_credentials
        case camera_events.CameraCredentialsResealed():
            sealed_credentials = message.sealed_credentials
        case camera_events.CameraCountingChanged():
            counting = message.counting
        case camera_events.CameraActivated():
            state = CameraState.ACTIVE
        case camera_events.CameraDeactivated():
            state = CameraState.INACTIVE
        case camera_events.CameraDeleted():
            state = CameraState.DELETED
        case camera_events.CameraLabelsChanged():
            labels = dict(message.labels)
        case camera_events.CameraRelocated():
            pass  # whoever reads its stream need not know where it hangs
        case _:
            raise ValueError(f"{message.DESCRIPTOR.full_name} is no camera event")
    return CameraChange(
        camera_id=message.camera_id,
        version=version,
        time=time,
        name=name,
        site_id=site_id,
        labels=labels,
        stream=None if stream is None else stream.SerializeToString(deterministic=True),
        sealed_credentials=sealed_credentials,
        counting=None if counting is None else counting.SerializeToString(deterministic=True),
        detector=counting.detector if counting else "",
        max_frames_per_second=counting.max_frames_per_second if counting else 0.0,
        state=state,
    )


def _spool_to_proto(spool: SpoolStatus) -> worker_pb2.SpoolStatus:
    oldest = spool.oldest_time
    return worker_pb2.SpoolStatus(
        waiting_bytes=spool.waiting_bytes,
        max_bytes=spool.max_bytes,
        oldest_time=None if oldest is None else _timestamp(oldest),
        full=spool.full,
    )


def _status_from_proto(message: stream_pb2.StreamStatus) -> StreamStatus:
    return StreamStatus(
        state=_STATES_FROM_PROTO[message.state],
        reason=message.reason,
        frames_per_second=message.frames_per_second,
        frames_processed=message.frames_processed,
        frames_dropped=message.frames_dropped,
        frames_corrupt=message.frames_corrupt,
        last_frame_time=moment(message, "last_frame_time"),
        detector=message.detector,
        width=message.width,
        height=message.height,
        nominal_frames_per_second=message.nominal_frames_per_second,
        reconnects=message.reconnects,
        since=moment(message, "start_time"),
        update_time=message.update_time.ToDatetime(UTC),
        conditions={
            _CONDITIONS_FROM_PROTO[each.kind]: each.start_time.ToDatetime(UTC)
            for each in message.conditions
            if each.kind in _CONDITIONS_FROM_PROTO
        },
    )


def _status_to_proto(status: StreamStatus) -> stream_pb2.StreamStatus:
    last = status.last_frame_time
    return stream_pb2.StreamStatus(
        state=_STATES_TO_PROTO[status.state],
        reason=status.reason,
        frames_per_second=status.frames_per_second,
        frames_processed=status.frames_processed,
        frames_dropped=status.frames_dropped,
        frames_corrupt=status.frames_corrupt,
        last_frame_time=None if last is None else _timestamp(last),
        detector=status.detector,
        width=status.width,
        height=status.height,
        nominal_frames_per_second=status.nominal_frames_per_second,
        reconnects=status.reconnects,
        start_time=None if status.since is None else _timestamp(status.since),
        update_time=_timestamp(status.update_time),
        conditions=[
            stream_pb2.StreamCondition(
                kind=_CONDITIONS_TO_PROTO[kind], start_time=_timestamp(start)
            )
            for kind, start in status.conditions.items()
        ],
    )


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
