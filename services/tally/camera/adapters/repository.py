"""The cameras, as their events made them."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters import tables
from tally.camera.adapters.announcing import announcement
from tally.camera.adapters.projection import projection
from tally.camera.adapters.snapshots import SCHEMA, camera_of, state_of
from tally.camera.adapters.tables import events
from tally.camera.domain.errors import AreaUnknown, CameraNameTaken, CameraNotFound, SiteUnknown
from tally.camera.domain.events import CameraEvent, RecordedEvent
from tally.camera.domain.model import Camera, CameraState
from tally.camera.mapping.events import UPCASTERS, event_from_proto, event_to_proto
from tally.kernel.connections import driver
from tally.kernel.event_store import EventStore, History, StoredEvent, record

SNAPSHOT_EVERY = 50
"""Events to replay after which a snapshot is worth its writing."""


class PostgresCameras:
    """Cameras in the event store; read model and outbox follow each change in its transaction.

    What is saved is kept until `flush`, which stores a camera in one statement: as that is all that most units of work
    write, it needs no other transaction.

    Args:
        connection: Where the transaction runs.
        actor: Who has the changes happen; empty for the server itself.
    """

    def __init__(self, connection: AsyncConnection, actor: str) -> None:
        self._connection = connection
        self._events = EventStore(connection, events, UPCASTERS)
        self._actor = actor
        self._saved: dict[str, Camera] = {}

    async def get(self, camera_id: str) -> Camera:
        """The camera with this id, or CameraNotFound."""
        id_ = camera_id.lower()  # as this context writes ids
        camera = self._saved.get(id_) or await self._load(id_)
        if camera is None or camera.state is CameraState.DELETED:
            raise CameraNotFound(camera_id)
        return camera

    async def life(self, camera_id: str) -> Sequence[RecordedEvent]:
        """All that happened to a camera, oldest first, or CameraNotFound."""
        stored = await self._events.load(camera_id.lower())
        if not stored:
            raise CameraNotFound(camera_id)
        return [RecordedEvent(each.version, _event(each), each.actor) for each in stored]

    async def save(self, camera: Camera) -> None:
        """Have the changes stored, shown in the read model and published at the end of the unit of work."""
        self._saved[camera.id] = camera

    @property
    def unsaved(self) -> bool:
        """Whether there is anything to flush."""
        return bool(self._saved)

    async def flush(self) -> None:
        """Store what was saved.

        Raises:
            ConcurrentChange: Somebody else stored a change since a camera was read.
            CameraNameTaken: Another camera has its name.
            SiteUnknown: There is no such site as it is to be at.
            AreaUnknown: That site has no such area as it is to be in.
        """
        saved, self._saved = self._saved, {}
        if len(saved) == 1:
            await self._store(*saved.values())
        elif saved:
            async with driver(self._connection).transaction():
                for _, camera in sorted(saved.items()):  # so that nobody waits for each other
                    await self._store(camera)

    async def all(self) -> AsyncIterator[Camera]:
        """Every camera that is not deleted, rebuilt from its events."""
        async for life in self._lives():
            camera = Camera.from_events(life)
            if camera.state is not CameraState.DELETED:
                yield camera

    async def _lives(self) -> AsyncIterator[Sequence[CameraEvent]]:
        """The events of each camera."""
        life: list[CameraEvent] = []
        async for stored in self._events.load_all():
            if stored.version == 1 and life:
                yield life
                life = []
            life.append(_event(stored))
        if life:
            yield life

    async def _load(self, id_: str) -> Camera | None:
        history = await self._events.load_since_snapshot(id_, SCHEMA)
        camera = _camera(id_, history)
        if camera is not None and len(history.events) >= SNAPSHOT_EVERY:
            await self._events.keep_snapshot(id_, camera.version, SCHEMA, state_of(camera))
        return camera

    async def _store(self, camera: Camera) -> None:
        told = [
            announcement(
                event_to_proto(change),
                kind="camera",
                id_=camera.id,
                version=version,
                time=change.time,
            )
            for version, change in enumerate(camera.changes, camera.stored_version + 1)
        ]
        try:
            await record(
                self._connection,
                told,
                projection(camera),
                schema_version=UPCASTERS.version,
                actor=self._actor,
            )
        except asyncpg.IntegrityConstraintViolationError as error:
            match error.constraint_name:
                case tables.UNIQUE_NAME:
                    raise CameraNameTaken(camera.spec.name) from error
                case tables.KNOWN_SITE:
                    raise SiteUnknown(camera.spec.site_id) from error
                case tables.KNOWN_AREA:
                    raise AreaUnknown(camera.spec.area_id) from error
            raise


def _camera(id_: str, history: History) -> Camera | None:
    life = [_event(each) for each in history.events]
    if history.snapshot:
        return camera_of(id_, history.snapshot).continued(life)
    return Camera.from_events(life) if life else None


def _event(stored: StoredEvent) -> CameraEvent:
    return event_from_proto(stored.message, stored.occurred_at)
