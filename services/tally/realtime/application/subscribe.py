"""Follows live counts, from now or from where an earlier subscription ended."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Generic

from tally.realtime.application.hub import Hub
from tally.realtime.domain.errors import (
    ResumeTokenExpired,
    ResumeTokenInvalid,
    StreamInterrupted,
)
from tally.realtime.domain.model import Counts, Event, Interest, Position
from tally.realtime.domain.ports import CountsStream


@dataclass(frozen=True, slots=True)
class Update(Generic[Counts]):
    """One thing that a subscriber is told.

    Attributes:
        position: Where the stream stands with it.
        event: What was counted; None where there is nothing new.
    """

    position: Position
    event: Event[Counts] | None


@dataclass(frozen=True, slots=True)
class Subscribe(Generic[Counts]):
    """Follows live counts.

    Attributes:
        stream: Where missed events are read from.
        hub: Where live events come from.
        heartbeat_s: Seconds of silence after which the subscriber gets a sign of life.
        max_gap: Most events that a subscriber may lack when it joins the hub, whose queues are short.
    """

    stream: CountsStream[Counts]
    hub: Hub[Counts]
    heartbeat_s: float
    max_gap: int

    async def __call__(
        self, interest: Interest, resume_token: str
    ) -> AsyncGenerator[Update[Counts], None]:
        """Updates without end; the first one of live counts says where the stream stands.

        Args:
            interest: What the subscriber is told of.
            resume_token: Token of the last update that the subscriber saw; empty: from now.

        Raises:
            ResumeTokenInvalid: The token is of another stream, or of none.
            ResumeTokenExpired: What follows the token is no longer kept.
            SubscriberTooSlow: The subscriber does not keep up.
            TooManySubscribers: All places are taken.
            StreamInterrupted: The server stops, or lost events itself.
        """
        position = await self._resume(resume_token) if resume_token else self.hub.position
        while self._gap(position) > self.max_gap:
            end = self.hub.position
            async for update in self._replay(position, end, interest):
                yield update
            position = end
        with self.hub.subscribe(interest) as subscription:
            yield Update(position, None)
            async for update in self._replay(position, subscription.start, interest):
                yield update
            position = max(position, subscription.start)
            while True:
                event = await subscription.next(self.heartbeat_s)
                if event is None:
                    position = max(position, self.hub.position)
                    yield Update(position, None)
                elif (
                    event.sequence > position.sequence
                ):  # else known from another server, ahead of this
                    position = Position(position.stream, event.sequence)
                    yield Update(position, event)

    async def _resume(self, token: str) -> Position:
        position = Position.from_token(token)
        extent = await self.stream.extent()
        if self.hub.position.stream != extent.stream:
            raise StreamInterrupted("the stream of counts was made anew")
        if position.stream != extent.stream or position.sequence > extent.last:
            raise ResumeTokenInvalid
        if not extent.holds_all_after(position):
            raise ResumeTokenExpired
        return position

    def _gap(self, position: Position) -> int:
        return self.hub.position.sequence - position.sequence

    async def _replay(
        self, position: Position, end: Position, interest: Interest
    ) -> AsyncGenerator[Update[Counts], None]:
        if position.sequence >= end.sequence:
            return
        async for event in self.stream.replay(position.sequence, end.sequence, interest):
            yield Update(Position(end.stream, event.sequence), event)
