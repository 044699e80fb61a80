"""Hands every event to every subscriber whom it is of interest to, without waiting for any of them."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Generic

from opentelemetry import metrics

from tally.kernel.errors import DomainError
from tally.realtime.domain.errors import StreamInterrupted, SubscriberTooSlow, TooManySubscribers
from tally.realtime.domain.model import Counts, Event, Interest, Position

_meter = metrics.get_meter("tally.realtime")
_subscribers = _meter.create_up_down_counter(
    "tally.realtime.subscribers", description="Subscribers who follow live counts"
)
_handed_over = _meter.create_counter(
    "tally.realtime.events", description="Events handed to subscribers"
)
_too_slow = _meter.create_counter(
    "tally.realtime.too_slow", description="Subscriptions ended because they read too slowly"
)


class Subscription(Generic[Counts]):
    """One subscriber's bounded queue.

    Attributes:
        start: Where the stream stood when the subscriber joined; everything behind it comes through the queue.
    """

    def __init__(self, interest: Interest, start: Position, capacity: int) -> None:
        self.start = start
        self._interest = interest
        self._capacity = capacity
        self._queue: deque[Event[Counts]] = deque()
        self._changed = asyncio.Event()
        self._error: DomainError | None = None

    def offer(self, event: Event[Counts]) -> None:
        """Queue the event if it is of interest; a full queue ends the subscription."""
        if self._error or not self._interest.includes(event):
            return
        if len(self._queue) == self._capacity:
            _too_slow.add(1)
            self.end(SubscriberTooSlow())
            return
        self._queue.append(event)
        _handed_over.add(1)
        self._changed.set()

    def end(self, error: DomainError) -> None:
        """Let `next` raise `error` from now on, and forget what is queued."""
        self._queue.clear()
        self._error = error
        self._changed.set()

    async def next(self, timeout_s: float) -> Event[Counts] | None:
        """The next event, or None if there was none in time.

        Raises:
            DomainError: The subscription was ended.
        """
        if not self._queue and not self._error:
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait()
        if self._error:
            raise self._error
        return self._queue.popleft() if self._queue else None


class Hub(Generic[Counts]):
    """The subscribers of one process, and how far the stream has come.

    Attributes:
        position: Behind the last event that was handed out.
    """

    def __init__(self, position: Position, *, queue_capacity: int, max_subscribers: int) -> None:
        self.position = position
        self._queue_capacity = queue_capacity
        self._max_subscribers = max_subscribers
        self._subscriptions: set[Subscription[Counts]] = set()
        self._closed: DomainError | None = None

    def publish(self, event: Event[Counts]) -> None:
        """Hand out the event that follows in the stream."""
        for subscription in self._subscriptions:
            subscription.offer(event)
        self.position = Position(self.position.stream, event.sequence)

    @contextmanager
    def subscribe(self, interest: Interest) -> Iterator[Subscription[Counts]]:
        """Receive what is published while the block runs.

        Args:
            interest: Which of it.

        Raises:
            TooManySubscribers: All places are taken.
            StreamInterrupted: The hub is closed.
        """
        if self._closed:
            raise self._closed
        if len(self._subscriptions) >= self._max_subscribers:
            raise TooManySubscribers(self._max_subscribers)
        subscription = Subscription[Counts](interest, self.position, self._queue_capacity)
        self._subscriptions.add(subscription)
        _subscribers.add(1)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            _subscribers.add(-1)

    def jump(self, position: Position) -> None:
        """Go on elsewhere, because what lies between is lost; present subscribers are sent away."""
        self._end_all(StreamInterrupted("the stream of counts was interrupted"))
        self.position = position

    def close(self) -> None:
        """Send all subscribers away and take no more."""
        self._closed = StreamInterrupted("the server stops")
        self._end_all(self._closed)

    def _end_all(self, error: DomainError) -> None:
        for subscription in self._subscriptions:
            subscription.end(error)
