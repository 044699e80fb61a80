"""The cameras, as their events made them."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.announcing import announce
from tally.camera.adapters.read_model import PostgresReadModel
from tally.camera.adapters.tables import events, outbox
from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.events import CameraEvent, RecordedEvent
from tally.camera.domain.model import Camera, CameraState
from tally.camera.mapping.events import event_from_proto, event_to_proto
from tally.kernel.event_store import EventStore, StoredEvent
from tally.kernel.outbox import Outbox


class PostgresCameras:
    """Cameras in the event store; read model and outbox follow each change in its transaction.

    Args:
        connection: Where the transaction runs.
        read_model: Of the same transaction.
        actor: Who has the changes happen; empty for the server itself.
    """

    def __init__(
        self, connection: AsyncConnection, read_model: PostgresReadModel, actor: str
    ) -> None:
        self._events = EventStore(connection, events)
        self._outbox = Outbox(connection, outbox)
        self._read_model = read_model
        self._actor = actor

    async def get(self, camera_id: str) -> Camera:
        """The camera with this id, or CameraNotFound."""
        stored = await self._events.load(camera_id.lower())  # as this context writes ids
        camera = Camera.from_events([_event(each) for each in stored]) if stored else None
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
        """Append the changes, show them in the read model, and have them published."""
        for version, change in enumerate(camera.changes, camera.stored_version + 1):
            await self._append(change, version)
        await self._read_model.put(camera)

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

    async def _append(self, change: CameraEvent, version: int) -> None:
        message = event_to_proto(change)
        await self._events.append(
            change.camera_id, version - 1, [message], change.time, self._actor
        )
        await announce(
            self._outbox,
            message,
            kind="camera",
            id_=change.camera_id,
            version=version,
            time=change.time,
        )


def _event(stored: StoredEvent) -> CameraEvent:
    return event_from_proto(stored.message, stored.occurred_at)
