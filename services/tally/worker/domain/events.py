"""What happens in the pool and others should know."""

from dataclasses import dataclass
from datetime import datetime

from tally.worker.domain.stream import StreamStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAssigned:
    """A camera went to a worker."""

    camera_id: str
    worker_id: str
    epoch: int
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraUnassigned:
    """A camera was taken from the worker that held it under `epoch`."""

    camera_id: str
    worker_id: str
    epoch: int
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStateChanged:
    """A camera's stream is in another state than before."""

    camera_id: str
    epoch: int
    status: StreamStatus
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsReported:
    """A worker said which models it can use; `models` is the contract's ReportModelsRequest, handed on unread."""

    worker_id: str
    worker_name: str
    models: bytes
    time: datetime


PoolEvent = CameraAssigned | CameraUnassigned | StreamStateChanged | ModelsReported
