"""Subscriptions of the realtime contract, to counts that carry numbers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from tally.api.counting.v1 import events_pb2
from tally.api.realtime.v1 import realtime_service_pb2 as messages
from tally.api.realtime.v1 import realtime_service_pb2_grpc
from tally.kernel.bus import Bus
from tally.kernel.ids import new_id
from tests.counts import publish, record
from tests.refusals import reason_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAMERA = new_id()


class Subscriber:
    """One subscription and the last token that it saw."""

    def __init__(self, stream: AsyncIterator[messages.SubscribeResponse]) -> None:
        self._stream = stream
        self.token = ""

    async def read(self) -> messages.SubscribeResponse:
        """The next message."""
        async with asyncio.timeout(20):
            message = await anext(self._stream)
        self.token = message.resume_token
        return message

    async def sequences(self, count: int) -> list[int]:
        """Sequence numbers, carried as inward crossings, of the next counts."""
        found: list[int] = []
        while len(found) < count:
            message = await self.read()
            if message.HasField("counts"):
                found.append(number_of(message.counts))
        return found


@asynccontextmanager
async def subscribed(
    channel: grpc.aio.Channel, *camera_ids: str, token: str = ""
) -> AsyncIterator[Subscriber]:
    """A subscription that has begun."""
    stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
    call = stub.Subscribe(messages.SubscribeRequest(camera_ids=camera_ids, resume_token=token))
    try:
        yield Subscriber(aiter(call))
    finally:
        call.cancel()


async def count(bus: Bus, numbers: Sequence[int], camera_id: str = CAMERA) -> None:
    """Publish records that carry these numbers."""
    await publish(bus, [numbered(number, camera_id) for number in numbers])


def numbered(number: int, camera_id: str) -> events_pb2.CountsRecorded:
    made = record(camera_id, number, NOON + timedelta(seconds=number))
    made.totals[0].in_count = number
    return made


def number_of(counts: messages.CameraCounts) -> int:
    return counts.totals[0].in_count


async def refusal(subscriber: Subscriber) -> tuple[grpc.StatusCode, str]:
    """How a subscription ends."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await drained(subscriber)
    return caught.value.code(), reason_of(caught.value)


async def drained(subscriber: Subscriber) -> None:
    while True:
        await subscriber.read()
