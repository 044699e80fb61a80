"""Handles events in batches: acknowledged when handled, redelivered when not, put aside when they never can be."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import nats.errors
import structlog
from google.protobuf.message import Message
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import Error as JetStreamError
from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import Link, SpanKind

from tally.kernel.backoff import Backoff
from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.nats import Bus
from tally.kernel.bus.streams import DEAD_LETTERS, Stream
from tally.kernel.errors import ResourceExhausted, Unavailable
from tally.kernel.messages import UnknownMessage

FETCH_WAIT_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
MAX_LINKS = 32
ACK_WAIT_S = 10.0
"""When events that a killed process was handling are handled by another."""

_tracer = trace.get_tracer("tally.kernel.bus")
_meter = metrics.get_meter("tally.kernel.bus")
_handled = _meter.create_counter(
    "tally.events.handled", description="Events handled, by how it went"
)
_waiting = _meter.create_gauge(
    "tally.events.waiting", description="Events in the stream that were not handed over yet"
)
_log = structlog.get_logger(__name__)


_NOT_THE_EVENTS = (Unavailable, ResourceExhausted)
"""Errors of a handler that say nothing against the events: they come again until the dependency is back."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it was delivered.

    Attributes:
        envelope: The event.
        message: Its payload.
        sequence: Its place in the stream.
    """

    envelope: Envelope
    message: Message
    sequence: int
    raw: Msg = field(repr=False)


Handler = Callable[[Sequence[Delivery]], Awaitable[None]]
"""Handles a batch, all or nothing. May be handed the same event again."""

Check = Callable[[Message], None]
"""Raises UnknownMessage for a message that its handler could never handle."""


@dataclass(slots=True)
class Consumer:
    """A durable consumer: what it has acknowledged it is not handed again, across restarts of either side.

    Attributes:
        bus: The connection.
        stream: What to read.
        durable: The consumer's name at the server, unique for each context and purpose.
        handler: What to do with events.
        context: Who consumes, such as `analytics`; dead letters are filed under it.
        subjects: Which subjects of the stream; all by default.
        check: Finds events that are to be put aside at once; by default none that can be read are.
        batch: Events handed over at once, at most.
        max_attempts: Failures after which an event is put aside. That a dependency is away is none.
    """

    bus: Bus
    stream: Stream
    durable: str
    handler: Handler
    context: str
    subjects: Sequence[str] = ()
    check: Check | None = None
    batch: int = 256
    max_attempts: int = 5
    _failures: Counter[int] = field(default_factory=Counter, init=False, repr=False)

    async def run(self) -> None:
        """Consume until cancelled; whatever breaks at the server is set up again.

        Raises:
            ConnectionGone: Only a new connection can help.
        """
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            try:
                subscription = await self._subscribe()
                try:
                    while True:
                        await self._consume(subscription)
                        backoff.reset()
                finally:
                    # What the server still sends to an abandoned request would have to time out first.
                    with suppress(nats.errors.Error, OSError):
                        await subscription.unsubscribe()
            except (*_NOT_THE_EVENTS, nats.errors.Error, JetStreamError, OSError) as error:
                _log.warning(
                    "consumer_interrupted",
                    consumer=self.durable,
                    error=str(error) or type(error).__name__,
                )
            await asyncio.sleep(backoff.next_s())

    async def pending(self) -> int:
        """Events that wait to be handled."""
        info = await self.bus.jetstream.consumer_info(self.stream.name, self.durable)
        return (info.num_pending or 0) + (info.num_ack_pending or 0)

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        self.bus.check_open()
        await self.bus.ensure_streams()
        configuration = ConsumerConfig(
            durable_name=self.durable,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_ack_pending=max(self.batch * 4, 1000),
            filter_subjects=list(self.subjects) or [self.stream.subject(">")],
        )
        await self.bus.jetstream.add_consumer(self.stream.name, configuration)
        return await self.bus.jetstream.pull_subscribe_bind(self.durable, self.stream.name)

    async def _consume(self, subscription: JetStreamContext.PullSubscription) -> None:
        messages: Sequence[Msg] = ()
        with suppress(TimeoutError):
            messages = await subscription.fetch(self.batch, timeout=FETCH_WAIT_S)
        if not messages:
            # Silence, or a server that has forgotten this consumer: asking for it tells which.
            await self.bus.jetstream.consumer_info(self.stream.name, self.durable)
            return
        _waiting.set(messages[-1].metadata.num_pending, {"consumer": self.durable})
        try:
            async with _kept_waiting(messages):
                await self._handle_readable(messages)
        finally:
            # Whoever consumes next gets the rest at once, not when the server gives up on this consumer.
            with suppress(nats.errors.Error, OSError):
                await asyncio.shield(_answer(messages, Msg.nak))

    async def _handle_readable(self, messages: Sequence[Msg]) -> None:
        deliveries = []
        for raw in messages:
            try:
                deliveries.append(self._delivery(raw))
            except UnknownMessage as error:
                await self._put_aside(raw, str(error))
        if deliveries:
            await self._handle(deliveries)

    def _delivery(self, raw: Msg) -> Delivery:
        envelope = Envelope.parse(raw.headers or {}, raw.data)
        message = envelope.message()
        if self.check:
            self.check(message)
        return Delivery(envelope, message, raw.metadata.sequence.stream, raw)

    async def _handle(self, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._call_handler(deliveries)
        except _NOT_THE_EVENTS:
            self._count(deliveries, "postponed")
            raise
        except Exception as error:
            if len(deliveries) == 1:
                await self._refuse(deliveries[0], error)
                return
            # Keep one event that cannot be handled from holding up the others.
            for delivery in deliveries:
                await self._handle([delivery])
        else:
            for delivery in deliveries:
                self._failures.pop(delivery.sequence, None)
            await _answer([delivery.raw for delivery in deliveries], Msg.ack)
            self._count(deliveries, "handled")

    async def _call_handler(self, deliveries: Sequence[Delivery]) -> None:
        links = [
            Link(trace.get_current_span(propagate.extract(each.envelope.trace)).get_span_context())
            for each in deliveries[:MAX_LINKS]
        ]
        # A batch joins many traces; it continues the first and links to the others.
        with _tracer.start_as_current_span(
            f"{self.durable} handle",
            context=propagate.extract(deliveries[0].envelope.trace),
            kind=SpanKind.CONSUMER,
            links=links,
            attributes={
                "messaging.system": "nats",
                "messaging.destination.name": self.stream.name,
                "messaging.batch.message_count": len(deliveries),
            },
        ):
            await self.handler(deliveries)

    async def _refuse(self, delivery: Delivery, error: Exception) -> None:
        self._failures[delivery.sequence] += 1
        failures = self._failures[delivery.sequence]
        _log.error(
            "event_not_handled",
            consumer=self.durable,
            event_id=delivery.envelope.id,
            type=delivery.envelope.type,
            attempt=failures,
            exc_info=error,
        )
        if failures >= self.max_attempts:
            await self._put_aside(delivery.raw, f"{type(error).__name__}: {error}")
            return
        self._count([delivery], "retried")
        await delivery.raw.nak(delay=FIRST_PAUSE_S * 2 ** (failures - 1))

    async def _put_aside(self, raw: Msg, reason: str) -> None:
        """Store an event that can never be handled among the dead letters, with the reason, and take it off."""
        headers = {
            **(raw.headers or {}),
            "tally-reason": " ".join(reason.split())[:500],
            "tally-consumer": self.durable,
            "tally-subject": raw.subject,
            "Nats-Msg-Id": f"{self.durable}/{raw.metadata.sequence.stream}",
        }
        await self.bus.jetstream.publish(
            DEAD_LETTERS.subject(self.context, self.durable), raw.data, headers=headers
        )
        await raw.term()
        self._failures.pop(raw.metadata.sequence.stream, None)
        _handled.add(1, {"consumer": self.durable, "outcome": "dead"})
        _log.error("event_put_aside", consumer=self.durable, subject=raw.subject, reason=reason)

    def _count(self, deliveries: Sequence[Delivery], outcome: str) -> None:
        _handled.add(len(deliveries), {"consumer": self.durable, "outcome": outcome})


async def _answer(messages: Sequence[Msg], answer: Callable[[Msg], Awaitable[None]]) -> None:
    """Answer the messages that have no answer yet; it is sent, not waited for: lost, it means a redelivery."""
    for message in messages:
        if not message.is_acked:
            await answer(message)


@asynccontextmanager
async def _kept_waiting(messages: Sequence[Msg]) -> AsyncIterator[None]:
    """Tell the server, as often as needed, that these messages are being worked on."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(ACK_WAIT_S / 3)
            await _answer(messages, Msg.in_progress)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
