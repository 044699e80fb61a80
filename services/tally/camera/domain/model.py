"""The camera aggregate: its state is what its events made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import reduce
from typing import Self, assert_never
from urllib.parse import urlsplit

from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.etags import etag_of, require_etag
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
    RecordedEvent,
)
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import StreamStatus
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.identity import Sites
from tally.kernel.stream_address import NETWORK_SCHEMES, origin


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
        sealed_credentials: What it asks for, encrypted for workers; empty if nothing is known.
        changes: Events that are not stored yet, oldest first; they count in `version`.
    """

    id: str
    spec: CameraSpec
    state: CameraState
    version: int
    create_time: datetime
    update_time: datetime
    sealed_credentials: bytes = b""
    changes: tuple[CameraEvent, ...] = field(default=(), compare=False)

    @classmethod
    def create(
        cls, camera_id: str, spec: CameraSpec, at: datetime, sealed_credentials: bytes = b""
    ) -> Self:
        """A new camera, inactive.

        Raises:
            InvalidInput: The stream cannot be read or takes no credentials, or a zone encloses nothing.
        """
        spec.require_valid()
        _require_use(sealed_credentials, spec)
        created = CameraCreated(
            camera_id=camera_id, time=at, spec=spec, sealed_credentials=sealed_credentials
        )
        return replace(cls._born(created), changes=(created,))

    @classmethod
    def from_events(cls, events: Sequence[CameraEvent]) -> Self:
        """The camera that its events, from the first on, have made."""
        first, *others = events
        if not isinstance(first, CameraCreated):
            raise TypeError(f"a camera's first event must be CameraCreated, not {first}")
        return cls._born(first).continued(others)

    def continued(self, events: Sequence[CameraEvent]) -> Self:
        """The camera as stored events that happened since have made it."""
        return reduce(type(self).after, events, self)

    @classmethod
    def at_moment(cls, life: Sequence[RecordedEvent], moment: int | datetime) -> Self:
        """The camera as it was.

        Args:
            life: All that happened to it, oldest first.
            moment: The version that it had, or the time.

        Raises:
            CameraNotFound: It did not exist then.
        """
        before = [recorded.event for recorded in life if recorded.happened_by(moment)]
        camera = cls.from_events(before) if before else None
        never = isinstance(moment, int) and moment > len(life)
        if camera is None or never or camera.state is CameraState.DELETED:
            raise CameraNotFound(life[0].event.camera_id)
        return camera

    @property
    def etag(self) -> str:
        """Stands for this version of this camera and tells nothing else."""
        return etag_of(self.id, self.version)

    @property
    def stored_version(self) -> int:
        """The version without the changes that are not stored yet."""
        return self.version - len(self.changes)

    def require_at(self, sites: Sites) -> None:
        """Hide the camera from callers who may act elsewhere only.

        Raises:
            CameraNotFound: It is at none of these sites.
        """
        if sites is not None and self.spec.site_id not in sites:
            raise CameraNotFound(self.id)

    def require_etag(self, etag: str) -> None:
        """Refuse a caller who read another version; an empty etag stands for any.

        Raises:
            EtagMismatch: It is another version's.
        """
        require_etag("camera", etag, self.etag)

    def revise(
        self, spec: CameraSpec, at: datetime, sealed_credentials: bytes | None = None
    ) -> Self:
        """Become what `spec` says; what is so already changes nothing.

        Args:
            spec: What the camera is to be.
            at: Now.
            sealed_credentials: Other credentials, sealed for the new stream; empty for none. None leaves those
                that it has.

        Raises:
            InvalidInput: The stream cannot be read, takes no credentials, or would show those that it has to another
                host; or a zone encloses nothing.
        """
        spec.require_valid()
        if sealed_credentials is None:
            sealed_credentials = self.sealed_credentials
            if sealed_credentials and origin(spec.stream.uri) != origin(self.spec.stream.uri):
                raise _credentials_refused(
                    "belong to the present scheme, host and port: set them again, or clear them, with the new URI"
                )
        _require_use(sealed_credentials, spec)
        changes: list[CameraEvent] = []
        if spec.name != self.spec.name:
            changes.append(CameraRenamed(camera_id=self.id, time=at, name=spec.name))
        if (spec.stream, sealed_credentials) != (self.spec.stream, self.sealed_credentials):
            changes.append(
                CameraStreamChanged(
                    camera_id=self.id,
                    time=at,
                    stream=spec.stream,
                    sealed_credentials=sealed_credentials,
                )
            )
        if spec.counting != self.spec.counting:
            changes.append(
                CameraCountingChanged(camera_id=self.id, time=at, counting=spec.counting)
            )
        if spec.labels != self.spec.labels:
            changes.append(CameraLabelsChanged(camera_id=self.id, time=at, labels=spec.labels))
        if (spec.site_id, spec.area_id) != (self.spec.site_id, self.spec.area_id):
            changes.append(
                CameraMoved(camera_id=self.id, time=at, site_id=spec.site_id, area_id=spec.area_id)
            )
        if spec.location != self.spec.location:
            changes.append(CameraRelocated(camera_id=self.id, time=at, location=spec.location))
        return self._with(*changes)

    def reseal(self, sealed_credentials: bytes, at: datetime) -> Self:
        """Have the same credentials, encrypted with another key."""
        if sealed_credentials == self.sealed_credentials:
            return self
        return self._with(
            CameraCredentialsResealed(
                camera_id=self.id, time=at, sealed_credentials=sealed_credentials
            )
        )

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
        spec, state, sealed = self.spec, self.state, self.sealed_credentials
        match event:
            case CameraRenamed(name=name):
                spec = replace(spec, name=name)
            case CameraStreamChanged(stream=stream, sealed_credentials=sealed):
                spec = replace(spec, stream=stream)
            case CameraCredentialsResealed(sealed_credentials=sealed):
                pass
            case CameraCountingChanged(counting=counting):
                spec = replace(spec, counting=counting)
            case CameraLabelsChanged(labels=labels):
                spec = replace(spec, labels=labels)
            case CameraMoved(site_id=site_id, area_id=area_id):
                spec = replace(spec, site_id=site_id, area_id=area_id)
            case CameraRelocated(location=location):
                spec = replace(spec, location=location)
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
            self,
            spec=spec,
            state=state,
            sealed_credentials=sealed,
            version=self.version + 1,
            update_time=event.time,
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
            sealed_credentials=event.sealed_credentials,
        )

    def _with(self, *events: CameraEvent) -> Self:
        return replace(self.continued(events), changes=(*self.changes, *events))


def _require_use(sealed_credentials: bytes, spec: CameraSpec) -> None:
    if sealed_credentials and urlsplit(spec.stream.uri).scheme not in NETWORK_SCHEMES:
        raise _credentials_refused("are of use over RTSP and HTTP alone: leave them out")


def _credentials_refused(description: str) -> InvalidInput:
    return InvalidInput([FieldViolation("camera.stream.credentials", description)])


@dataclass(frozen=True, slots=True)
class CameraView:
    """A camera as readers see it.

    Attributes:
        camera: The camera.
        stream_status: What its worker last said of its stream; None while nothing was said.
    """

    camera: Camera
    stream_status: StreamStatus | None
