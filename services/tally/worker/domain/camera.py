"""What the pool knows of a camera from the camera context's events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Self


class CameraState(Enum):
    """Whether a camera is to be run."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChange:
    """What one event says of a camera; None stands for what it says nothing of.

    Attributes:
        camera_id: The camera.
        version: The camera's version with this event.
        time: When it happened.
        name: The name from here on.
        site_id: The site from here on; empty for none.
        labels: All labels from here on.
        stream: The contract's Stream from here on, handed on unread.
        sealed_credentials: The stream's credentials from here on; empty if it has none.
        counting: The contract's CountingConfig from here on, handed on unread.
        detector: The detector that it names, with `counting`.
        max_frames_per_second: The most frames that it has looked at, with `counting`.
        state: The state from here on.
    """

    camera_id: str
    version: int
    time: datetime
    name: str | None = None
    site_id: str | None = None
    labels: Mapping[str, str] | None = None
    stream: bytes | None = None
    sealed_credentials: bytes | None = None
    counting: bytes | None = None
    detector: str = ""
    max_frames_per_second: float = 0.0
    state: CameraState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera as far as its events have come.

    Each value carries the version of the event that set it, and gives way to newer ones alone: events may
    come in any order, and again, and the camera ends up the same.
    """

    camera_id: str
    name: str = ""
    name_version: int = 0
    site_id: str = ""
    site_version: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    labels_version: int = 0
    stream: bytes = b""
    stream_version: int = 0
    sealed_credentials: bytes = b""
    credentials_version: int = 0
    counting: bytes = b""
    counting_version: int = 0
    detector: str = ""
    max_frames_per_second: float = 0.0
    state: CameraState = CameraState.INACTIVE
    state_version: int = 0
    activate_time: datetime | None = None

    def after(self, change: CameraChange) -> Self:
        """The camera with what is new in `change`."""
        camera, version = self, change.version
        if change.name is not None and version > self.name_version:
            camera = replace(camera, name=change.name, name_version=version)
        if change.site_id is not None and version > self.site_version:
            camera = replace(camera, site_id=change.site_id, site_version=version)
        if change.labels is not None and version > self.labels_version:
            camera = replace(camera, labels=change.labels, labels_version=version)
        if change.stream is not None and version > self.stream_version:
            camera = replace(camera, stream=change.stream, stream_version=version)
        if change.sealed_credentials is not None and version > self.credentials_version:
            camera = replace(
                camera, sealed_credentials=change.sealed_credentials, credentials_version=version
            )
        if change.counting is not None and version > self.counting_version:
            camera = replace(
                camera,
                counting=change.counting,
                counting_version=version,
                detector=change.detector,
                max_frames_per_second=change.max_frames_per_second,
            )
        if change.state is not None and version > self.state_version:
            active = change.state is CameraState.ACTIVE
            camera = replace(
                camera,
                state=change.state,
                state_version=version,
                activate_time=change.time if active else None,
            )
        return camera

    @property
    def wanted(self) -> bool:
        """Whether somebody should run it."""
        return self.state is CameraState.ACTIVE and self.stream_version > 0

    @property
    def config_version(self) -> int:
        """The camera's version when its stream, or what it counts, last changed."""
        return max(self.stream_version, self.counting_version)
