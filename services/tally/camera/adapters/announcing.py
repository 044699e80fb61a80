"""How the world is told what happened."""

from datetime import datetime

from google.protobuf.message import Message

from tally.kernel.bus import CAMERA, Envelope
from tally.kernel.ids import derived_id


def announcement(
    message: Message, *, kind: str, id_: str, version: int, time: datetime
) -> tuple[str, Envelope]:
    """The event that tells of a change, and the NATS subject to send it to.

    Args:
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
    return CAMERA.subject(type(message).__name__, id_), envelope
