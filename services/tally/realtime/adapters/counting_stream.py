"""The stream of everything that is counted, from JetStream."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC
from typing import Generic

import structlog

from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import COUNTING, Bus, replay, tail
from tally.kernel.bus.tail import Tailed, extent
from tally.kernel.messages import UnknownMessage
from tally.realtime.domain.fence import Fence
from tally.realtime.domain.model import Counts, Event, Extent, Interest

_log = structlog.get_logger(__name__)


class JetStreamCounts(Generic[Counts]):
    """The stream COUNTING, with events as subscribers see them.

    Args:
        bus: The connection.
        translate: Makes of a record what subscribers are told.
    """

    def __init__(self, bus: Bus, translate: Callable[[events_pb2.CountsRecorded], Counts]) -> None:
        self._bus = bus
        self._translate = translate
        self._fence = Fence()

    async def extent(self) -> Extent:
        """What the stream holds now."""
        found = await extent(self._bus, COUNTING)
        return Extent(int(found.created.timestamp() * 1e6), found.first, found.last)

    async def follow(self, after: int) -> AsyncGenerator[Event[Counts], None]:
        """Every event with a number above `after`, those to come included."""
        async for tailed in tail(self._bus, COUNTING, after):
            event = self._event(tailed)
            if event:
                yield event

    async def replay(
        self, after: int, until: int, interest: Interest
    ) -> AsyncGenerator[Event[Counts], None]:
        """The events with numbers above `after`, up to and including `until`."""
        subjects = [COUNTING.subject(camera_id) for camera_id in interest.camera_ids]
        async for tailed in replay(self._bus, COUNTING, after, until, *subjects):
            event = self._event(tailed)
            if event and interest.includes(event):
                yield event

    def _event(self, tailed: Tailed) -> Event[Counts] | None:
        try:
            message = tailed.envelope.message()
        except UnknownMessage as error:
            _log.error("event_passed_over", event_id=tailed.envelope.id, reason=str(error))
            return None
        if not isinstance(message, events_pb2.CountsRecorded) or not self._admits(message):
            return None
        return Event(tailed.sequence, message.camera_id, message.site_id, self._translate(message))

    def _admits(self, record: events_pb2.CountsRecorded) -> bool:
        return record.recording or self._fence.admits(
            record.camera_id,
            record.epoch,
            record.start_time.ToDatetime(UTC),
            record.end_time.ToDatetime(UTC),
        )
