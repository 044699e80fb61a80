"""Events on their way to others."""

from datetime import datetime
from typing import assert_never

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.api.auth.v1 import events_pb2
from tally.auth.adapters.tables import outbox
from tally.auth.domain.events import AuthEvent, PasswordResetRequested, UserInvited
from tally.kernel.bus import AUTH, Envelope
from tally.kernel.ids import new_id
from tally.kernel.outbox import Outbox


class OutboxEvents:
    """The `outbox` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._outbox = Outbox(connection, outbox)

    async def add(self, event: AuthEvent, now: datetime) -> None:
        """Have an event sent if the transaction commits."""
        event_id, message = new_id(), _message(event)
        envelope = Envelope.of(
            message, id=event_id, source="tally/auth", subject=event.email, time=now
        )
        subject = AUTH.subject(type(event).__name__, event_id)
        await self._outbox.add(subject, envelope)


def _message(event: AuthEvent) -> Message:
    match event:
        case UserInvited(email=email, token=token, expire_time=ends):
            invited = events_pb2.UserInvited(email=email, token=token)
            invited.expire_time.FromDatetime(ends)
            return invited
        case PasswordResetRequested(user_id=user_id, email=email, token=token, expire_time=ends):
            requested = events_pb2.PasswordResetRequested(user_id=user_id, email=email, token=token)
            requested.expire_time.FromDatetime(ends)
            return requested
        case _:
            assert_never(event)
