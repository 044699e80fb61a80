"""The camera aggregate: its state is what its events made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import reduce
from hashlib import blake2b
from typing import Self, assert_never

from tally.camera.domain.errors import EtagMismatch
from tally.camera.domain.events import (
    CameraActivated,
    CameraCountingChanged,
    CameraCreated,
    CameraDeactivated,
    CameraDeleted,
    CameraEvent,
    CameraLabelsChanged,
    CameraRenamed,
    CameraStreamChanged,
)
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import StreamStatus


class CameraState(Enum):
    """Whether a camera is being counted."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera. Every change returns the changed camera, with the events that tell of the change.

    Attributes:
        id: Its identifier.
        spec: What its users decided about it.
        state: Whether it is being counted.
        version: How many events made it, which is the position of the last one in its stream.
        create_time: When it came into being.
        update_time: When it last changed.
        changes: Events that are not stored yet, oldest first; they count in `version`.
    """

    id: str
    spec: CameraSpec
    state: CameraState
    version: int
    create_time: datetime
    update_time: datetime
    changes: tuple[CameraEvent, ...] = field(default=(), compare=False)

    @classmethod
    def create(cls, camera_id: str, spec: CameraSpec, at: datetime) -> Self:
        """A new camera, inactive.

        Raises:
            InvalidInput: The stream cannot be read or a zone encloses nothing.
        """
        spec.require_valid()
        created = CameraCreated(camera_id=camera_id, time=at, spec=spec)
        return replace(cls._born(created), changes=(created,))

    @classmethod
    def from_events(cls, events: Sequence[CameraEvent]) -> Self:
        """The camera that its events, from the first on, have made."""
        first, *others = events
        if not isinstance(first, CameraCreated):
            raise TypeError(f"a camera's first event must be CameraCreated, not {first}")
        return reduce(cls.after, others, cls._born(first))

    @property
    def etag(self) -> str:
        """Stands for this version of this camera and tells nothing else."""
        return blake2b(f"{self.id}/{self.version}".encode(), digest_size=8).hexdigest()

    @property
    def stored_version(self) -> int:
        """The version without the changes that are not stored yet."""
        return self.version - len(self.changes)

    def require_etag(self, etag: str) -> None:
        """Refuse a caller who read another version; an empty etag stands for any.

        Raises:
            EtagMismatch: It is another version's.
        """
        if etag and etag != self.etag:
            raise EtagMismatch

    def revise(self, spec: CameraSpec, at: datetime) -> Self:
        """Become what `spec` says; what is so already changes nothing.

        Raises:
            InvalidInput: The stream cannot be read or a zone encloses nothing.
        """
        spec.require_valid()
        changes: list[CameraEvent] = []
        if spec.name != self.spec.name:
            changes.append(CameraRenamed(camera_id=self.id, time=at, name=spec.name))
        if spec.stream != self.spec.stream:
            changes.append(CameraStreamChanged(camera_id=self.id, time=at, stream=spec.stream))
        if spec.counting != self.spec.counting:
            changes.append(
                CameraCountingChanged(camera_id=self.id, time=at, counting=spec.counting)
            )
        if spec.labels != self.spec.labels:
            changes.append(CameraLabelsChanged(camera_id=self.id, time=at, labels=spec.labels))
        return self._with(*changes)

    def activate(self, at: datetime) -> Self:
        """Be counted."""
        if self.state is CameraState.ACTIVE:
            return self
        return self._with(CameraActivated(camera_id=self.id, time=at))

    def deactivate(self, at: datetime) -> Self:
        """Be counted no longer."""
        if self.state is CameraState.INACTIVE:
            return self
        return self._with(CameraDeactivated(camera_id=self.id, time=at))

    def delete(self, at: datetime) -> Self:
        """Be gone."""
        return self._with(CameraDeleted(camera_id=self.id, time=at))

    def after(self, event: CameraEvent) -> Self:
        """The camera as `event` leaves it."""
        spec, state = self.spec, self.state
        match event:
            case CameraRenamed(name=name):
                spec = replace(spec, name=name)
            case CameraStreamChanged(stream=stream):
                spec = replace(spec, stream=stream)
            case CameraCountingChanged(counting=counting):
                spec = replace(spec, counting=counting)
            case CameraLabelsChanged(labels=labels):
                spec = replace(spec, labels=labels)
            case CameraActivated():
                state = CameraState.ACTIVE
            case CameraDeactivated():
                state = CameraState.INACTIVE
            case CameraDeleted():
                state = CameraState.DELETED
            case CameraCreated():
                raise ValueError(f"camera {self.id} is created twice")
            case _:
                assert_never(event)
        return replace(
            self, spec=spec, state=state, version=self.version + 1, update_time=event.time
        )

    @classmethod
    def _born(cls, event: CameraCreated) -> Self:
        return cls(
            id=event.camera_id,
            spec=event.spec,
            state=CameraState.INACTIVE,
            version=1,
            create_time=event.time,
            update_time=event.time,
        )

    def _with(self, *events: CameraEvent) -> Self:
        return replace(reduce(type(self).after, events, self), changes=(*self.changes, *events))


@dataclass(frozen=True, slots=True)
class CameraView:
    """A camera as readers see it.

    Attributes:
        camera: The camera.
        stream_status: What its worker last said of its stream; None while nothing was said.
    """

    camera: Camera
    stream_status: StreamStatus | None
