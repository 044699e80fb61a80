"""A context that knows cameras and their names, for trying what the kernel does with events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import MetaData

from tally.api.camera.v1 import events_pb2
from tally.kernel.bus import CAMERA, Envelope
from tally.kernel.event_store import events_table, snapshots_table
from tally.kernel.ids import derived_id
from tally.kernel.outbox import outbox_table
from tally.kernel.process import background

NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)

metadata = MetaData()
EVENTS, OUTBOX = events_table(metadata), outbox_table(metadata)
SNAPSHOTS = snapshots_table(metadata)


def renamed(camera: str, number: int) -> Message:
    return events_pb2.CameraRenamed(camera_id=camera, name=str(number))


def event(camera: str, number: int, version: int = 0) -> tuple[str, Envelope]:
    envelope = Envelope.of(
        renamed(camera, number),
        id=derived_id(camera, number),
        source="test",
        subject=camera,
        time=NOW,
        version=version,
    )
    return CAMERA.subject("CameraRenamed", camera), envelope


def names(deliveries: Sequence[Any]) -> list[str]:
    return [each.message.name for each in deliveries]


def running(*workers: Any) -> Any:
    return background(*(worker.run() for worker in workers))


async def until(condition: Any, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
