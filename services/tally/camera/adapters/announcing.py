"""Has the world told what happened, if the transaction commits."""

from datetime import datetime

from google.protobuf.message import Message

from tally.kernel.bus import CAMERA, Envelope
from tally.kernel.ids import derived_id
from tally.kernel.outbox import Outbox


async def announce(
    outbox: Outbox, message: Message, *, kind: str, id_: str, version: int, time: datetime
) -> None:
    """Leave an event in the outbox.

    Args:
        outbox: Of the transaction.
        message: What happened.
        kind: What it happened to, such as `camera`.
        id_: Which of them.
        version: Its version from then on.
        time: When.
    """
    envelope = Envelope.of(
        message,
        id=derived_id(kind, id_, version),
        source="tally/camera",
        subject=id_,
        time=time,
        version=version,
    )
    await outbox.add(CAMERA.subject(type(message).__name__, id_), envelope)
