"""Tells the pool of cameras, and listens to what it tells."""

import asyncio
from datetime import UTC, datetime

from google.protobuf.message import Message

from tally.api.camera.v1 import events_pb2, stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.kernel.bus import CAMERA, WORKER, Bus, Envelope
from tally.kernel.ids import derived_id, new_id

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def line(name: str) -> geometry_pb2.CountingConfig:
    return geometry_pb2.CountingConfig(
        lines=[
            geometry_pb2.Line(
                name=name, start=geometry_pb2.Point(x=0, y=0.5), end=geometry_pb2.Point(x=1, y=0.5)
            )
        ]
    )


def created(
    camera_id: str, uri: str = "demo://plaza", labels: dict[str, str] | None = None
) -> Message:
    return events_pb2.CameraCreated(
        camera_id=camera_id,
        name=f"camera {camera_id[-4:]}",
        stream=stream_pb2.Stream(uri=uri),
        counting=line("door"),
        labels=labels,
    )


async def tell(bus: Bus, camera_id: str, version: int, message: Message) -> None:
    """Publish one event of a camera, as the camera context does."""
    envelope = Envelope.of(
        message,
        id=derived_id("camera", camera_id, version),
        source="tally/camera",
        subject=camera_id,
        time=NOON,
        version=version,
    )
    await bus.publish([(CAMERA.subject(type(message).__name__, camera_id), envelope)])


async def activate(
    bus: Bus, *, uri: str = "demo://plaza", labels: dict[str, str] | None = None
) -> str:
    """Tell of a new, active camera; returns its id."""
    camera_id = new_id()
    await tell(bus, camera_id, 1, created(camera_id, uri, labels))
    await tell(bus, camera_id, 2, events_pb2.CameraActivated(camera_id=camera_id))
    return camera_id


class Listener:
    """Collects what the pool tells."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def next(self, kind: str, *, count: int = 1) -> list[Message]:
        """The first `count` events of a kind."""
        subscription = await self._bus.jetstream.subscribe(
            WORKER.subject(kind, "*"), ordered_consumer=True
        )
        found: list[Message] = []
        try:
            async with asyncio.timeout(10):
                while len(found) < count:
                    message = await subscription.next_msg(timeout=10)
                    found.append(Envelope.parse(message.headers or {}, message.data).message())
        finally:
            await subscription.unsubscribe()
        return found
