"""Reads a stream from some place on, without a durable consumer: for those who pass events on and store nothing."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import Error as JetStreamError

from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.nats import Bus
from tally.kernel.bus.streams import Stream
from tally.kernel.errors import Unavailable
from tally.kernel.messages import UnknownMessage

FETCH_WAIT_S = 2.0
BATCH = 256
INACTIVE_S = 60.0
PAUSE_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tailed:
    """One event and its place in the stream."""

    sequence: int
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class StreamExtent:
    """What a stream holds.

    Attributes:
        created: When the stream was made; a stream made anew counts its events anew.
        first: Place of the oldest event that is kept.
        last: Place of the newest event; `first - 1` if there is none.
    """

    created: datetime
    first: int
    last: int


async def extent(bus: Bus, stream: Stream) -> StreamExtent:
    """What the stream holds now.

    Raises:
        Unavailable: The server does not answer.
    """
    try:
        info = await bus.jetstream.stream_info(stream.name)
    except (nats.errors.Error, JetStreamError, OSError, TimeoutError) as error:
        raise Unavailable(f"the stream {stream.name} cannot be read: {error}") from error
    assert info.created is not None  # noqa: S101 - the server always says
    return StreamExtent(info.created, info.state.first_seq, info.state.last_seq)


async def tail(bus: Bus, stream: Stream, after: int, *subjects: str) -> AsyncIterator[Tailed]:
    """Every event behind a place in the stream, in order and each once, those to come included.

    A server that restarts interrupts this without losing or repeating an event. Events that are no
    CloudEvents are passed over.

    Args:
        bus: The connection.
        stream: What to read.
        after: Place of the last event that is left out.
        subjects: Which subjects of the stream; all by default.

    Raises:
        ConnectionGone: Only a new connection can help.
    """
    position = after
    while True:
        try:
            async for event in _read(bus, stream, position, subjects):
                position = event.sequence
                yield event
        except (nats.errors.Error, JetStreamError, OSError) as error:
            _log.warning("tail_interrupted", stream=stream.name, error=str(error) or repr(error))
        await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter


async def replay(
    bus: Bus, stream: Stream, after: int, until: int, *subjects: str
) -> AsyncIterator[Tailed]:
    """The events between two places that are both in the stream already; ends behind the last of them.

    Args:
        bus: The connection.
        stream: What to read.
        after: Place of the last event that is left out.
        until: Place of the last event that is read.
        subjects: Which subjects of the stream; all by default.

    Raises:
        Unavailable: The server went away before the end.
    """
    try:
        async with _consumer(bus, stream, after, subjects) as (info, subscription):
            waiting, expected = info.num_pending or 0, 0
            while waiting:
                wanted = min(waiting, BATCH)
                for message in await subscription.fetch(wanted, timeout=FETCH_WAIT_S):
                    metadata = message.metadata
                    waiting, expected = metadata.num_pending, expected + 1
                    if metadata.sequence.stream > until:
                        return
                    if metadata.sequence.consumer != expected:
                        raise Unavailable("an event was lost on the way; try again")
                    event = _event(message, stream)
                    if event:
                        yield event
    except (nats.errors.Error, JetStreamError, OSError) as error:
        raise Unavailable(f"the stream {stream.name} cannot be read: {error}") from error


async def _read(
    bus: Bus, stream: Stream, after: int, subjects: tuple[str, ...]
) -> AsyncIterator[Tailed]:
    async with _consumer(bus, stream, after, subjects) as (info, subscription):
        expected = 0
        while True:
            messages: Sequence[Msg] = ()
            with suppress(TimeoutError):
                messages = await subscription.fetch(BATCH, timeout=FETCH_WAIT_S)
            if not messages:
                # Silence, or a server that has forgotten this consumer: asking for it tells which.
                await bus.jetstream.consumer_info(stream.name, info.name)
            for message in messages:
                expected += 1
                if message.metadata.sequence.consumer != expected:
                    return  # a message was lost on the way: start again behind the last one that came
                event = _event(message, stream)
                if event:
                    yield event


@asynccontextmanager
async def _consumer(
    bus: Bus, stream: Stream, after: int, subjects: tuple[str, ...]
) -> AsyncIterator[tuple[ConsumerInfo, JetStreamContext.PullSubscription]]:
    configuration = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=after + 1,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=INACTIVE_S,
        mem_storage=True,
        filter_subjects=list(subjects) or [stream.subject(">")],
    )
    bus.check_open()
    info = await bus.jetstream.add_consumer(stream.name, configuration)
    subscription = await bus.jetstream.pull_subscribe_bind(info.name, stream.name)
    try:
        yield info, subscription
    finally:
        with suppress(nats.errors.Error, OSError):
            await subscription.unsubscribe()


def _event(message: Msg, stream: Stream) -> Tailed | None:
    try:
        envelope = Envelope.parse(message.headers or {}, message.data)
    except UnknownMessage as error:
        _log.error("event_passed_over", stream=stream.name, reason=str(error))
        return None
    return Tailed(message.metadata.sequence.stream, envelope)
