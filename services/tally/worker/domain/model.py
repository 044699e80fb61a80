"""Workers, and what they are to run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tally.worker.domain.assignment import Admission, Seat, Selector
from tally.worker.domain.load import FrameCosts
from tally.worker.domain.stream import RunningCamera


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What a worker keeps on its disk until NATS has it.

    Attributes:
        waiting_bytes: How much waits.
        max_bytes: The most that may.
        oldest_time: End of the time that the oldest record which waits is about; None if none waits.
        full: Whether there was no room for the newest record.
    """

    waiting_bytes: int
    max_bytes: int
    oldest_time: datetime | None
    full: bool


@dataclass(frozen=True, slots=True)
class Hardware:
    """What a worker runs on.

    Attributes:
        cores: Cores that it may use; 0 if it did not say.
        gpus: Its graphics processors, one name for each.
    """

    cores: int = 0
    gpus: tuple[str, ...] = ()


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
        admission: Whether it takes cameras.
        selector: Which.
        spool: What it has not sent yet, as it last said; None while it has said nothing.
        hardware: What it runs on.
        frame_costs: What a frame costs it, as it last measured.
    """

    id: str
    name: str
    capacity: int
    register_time: datetime
    lease_expire_time: datetime
    cameras: Sequence[RunningCamera] = ()
    admission: Admission = Admission.OPEN
    selector: Selector = field(default_factory=Selector)
    spool: SpoolStatus | None = None
    hardware: Hardware = field(default_factory=Hardware)
    frame_costs: FrameCosts = field(default_factory=dict)

    @property
    def seat(self) -> Seat:
        """The worker, as far as assignment cares."""
        return Seat(self.capacity, self.admission, self.selector, self.frame_costs)

    def alive(self, now: datetime) -> bool:
        """Whether its lease holds."""
        return self.lease_expire_time > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A camera that a worker is to run.

    Attributes:
        camera_id: The camera.
        name: What people call it.
        site_id: Where it is; empty if at no site.
        epoch: Rises each time the camera goes to a worker.
        config_version: The camera's version when its stream, or what it counts, last changed.
        stream: The contract's Stream, handed on unread.
        sealed_credentials: The stream's credentials, which the worker alone can open.
        counting: The contract's CountingConfig, handed on unread.
        activate_time: When the camera was activated.
    """

    camera_id: str
    name: str
    site_id: str
    epoch: int
    config_version: int
    stream: bytes
    sealed_credentials: bytes
    counting: bytes
    activate_time: datetime
