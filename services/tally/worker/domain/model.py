"""Workers, and cameras as far as their assignment is concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class StreamState(Enum):
    """How a camera's stream does."""

    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    STREAMING = "streaming"
    UNREACHABLE = "unreachable"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RunningCamera:
    """A camera that a worker says it runs.

    Attributes:
        camera_id: The camera.
        epoch: The assignment under which it runs.
        state: How its stream does.
        status: The contract's StreamStatus, which the pool stores and hands on unread.
    """

    camera_id: str
    epoch: int
    state: StreamState
    status: bytes


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that runs cameras.

    Attributes:
        id: Its identifier, new with each registration.
        name: What people call it.
        capacity: How many cameras it can run at once.
        register_time: When it registered.
        lease_expire_time: When it counts as gone unless it renews its lease.
        cameras: What it runs, as it last said.
    """

    id: str
    name: str
    capacity: int
    register_time: datetime
    lease_expire_time: datetime
    cameras: Sequence[RunningCamera] = ()

    def alive(self, now: datetime) -> bool:
        """Whether its lease holds."""
        return self.lease_expire_time > now


@dataclass(frozen=True, slots=True)
class Assignment:
    """A camera that a worker is to run.

    Attributes:
        camera_id: The camera.
        name: What people call it.
        epoch: Rises each time the camera goes to a worker.
        config_version: The camera's version when its stream or what it counts last changed.
        stream: The contract's Stream, handed on unread.
        counting: The contract's CountingConfig, handed on unread.
        activate_time: When the camera was activated.
    """

    camera_id: str
    name: str
    epoch: int
    config_version: int
    stream: bytes
    counting: bytes
    activate_time: datetime
