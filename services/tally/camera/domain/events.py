"""What can happen to a camera."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.location import Location
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class _CameraEvent:
    """Something that happened to `camera_id` at `time`."""

    camera_id: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCreated(_CameraEvent):
    """A camera came into being, inactive."""

    spec: CameraSpec
    sealed_credentials: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRenamed(_CameraEvent):
    """A camera has another name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStreamChanged(_CameraEvent):
    """A camera's pictures come from elsewhere, or are asked for with other credentials."""

    stream: Stream
    sealed_credentials: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCredentialsResealed(_CameraEvent):
    """A camera's credentials, themselves as before, are encrypted with another key."""

    sealed_credentials: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCountingChanged(_CameraEvent):
    """A camera counts something else."""

    counting: CountingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLabelsChanged(_CameraEvent):
    """A camera has other labels; these are all of them."""

    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMoved(_CameraEvent):
    """A camera is at another site or watches another area of its site; at, or in, none if an id is empty."""

    site_id: str
    area_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRelocated(_CameraEvent):
    """A camera hangs elsewhere."""

    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraActivated(_CameraEvent):
    """A camera is to be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDeactivated(_CameraEvent):
    """A camera is no longer to be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDeleted(_CameraEvent):
    """A camera is gone; its counts stay."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it was stored.

    Attributes:
        version: The camera's version from then on.
        event: What happened, and when.
        actor: Who had it happen, such as `user:0190…`; empty if the server itself did, or nobody noted it.
    """

    version: int
    event: "CameraEvent"
    actor: str

    def happened_by(self, moment: int | datetime) -> bool:
        """Whether a camera of this version, or at this time, had seen it."""
        return self.version <= moment if isinstance(moment, int) else self.event.time <= moment


CameraEvent = (
    CameraCreated
    | CameraRenamed
    | CameraStreamChanged
    | CameraCredentialsResealed
    | CameraCountingChanged
    | CameraLabelsChanged
    | CameraMoved
    | CameraRelocated
    | CameraActivated
    | CameraDeactivated
    | CameraDeleted
)
