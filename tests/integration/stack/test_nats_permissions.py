"""Each NATS user can do its context's work and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta

import nats
import nats.errors
import pytest
from nats.aio.client import Client

from tally.api.camera.v1 import events_pb2
from tally.kernel.bus import (
    COUNTING,
    PICTURES,
    Bus,
    Consumer,
    Delivery,
    Envelope,
    Responder,
    ask,
    look_up,
    request_subject,
    store,
    tail,
)
from tally.kernel.bus.nats import inbox_prefix
from tally.kernel.bus.streams import DEAD_LETTERS, STREAMS, TASKS, Stream
from tally.kernel.errors import Unavailable
from tally.stack.nats import ANSWERS, ASKS, LOOKS_UP, PUBLISHES, READS, TAKES, NatsServer
from tally.worker.agent.jobs.queue import subscribe
from tests.listening import settle

RENAMED = events_pb2.CameraRenamed(camera_id="plaza", name="Plaza")
EVENT = Envelope.of(
    RENAMED, id="1", source="test", subject="plaza", time=datetime(2026, 5, 17, 12, tzinfo=UTC)
)
OWN_SUBJECTS = [
    (user, subject.replace(">", "CameraRenamed.plaza"))
    for user, subjects in PUBLISHES.items()
    for subject in subjects
]


@asynccontextmanager
async def refusals(server: NatsServer, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A client of `user`, and what the server refuses it."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(server.url(user), error_cb=note, inbox_prefix=inbox_prefix(user))
    try:
        yield client, refused
    finally:
        await client.close()


async def test_a_nats_user_cannot_publish_other_contexts_events(nats_server: NatsServer) -> None:
    async with refusals(nats_server, "analytics") as (client, refused):
        await client.publish("tally.counting.v1.forged", b"")
        await client.flush()
        async with asyncio.timeout(5):
            while not refused:
                await asyncio.sleep(0.01)
        assert "permissions violation" in refused[0]
        assert "tally.counting.v1.forged" in refused[0]


@pytest.mark.parametrize("user", PUBLISHES)
async def test_a_nats_user_can_make_and_read_streams_but_not_empty_or_remove_them(
    nats_server: NatsServer, nats_url: str, user: str
) -> None:
    async with Bus.connect(nats_server.url(user), name=user) as bus:
        assert (await bus.jetstream.stream_info(COUNTING.name)).config.name == COUNTING.name
    async with refusals(nats_server, user) as (client, refused):
        jetstream = client.jetstream(timeout=0.2)
        for attempt in (jetstream.purge_stream, jetstream.delete_stream):
            with pytest.raises(nats.errors.TimeoutError):
                await attempt(COUNTING.name)
        assert ["purge" in refused[0], "delete" in refused[1]] == [True, True]


@pytest.mark.parametrize(("user", "subject"), OWN_SUBJECTS)
async def test_a_nats_user_publishes_its_own_events(
    nats_server: NatsServer, nats_url: str, user: str, subject: str
) -> None:
    async with Bus.connect(nats_server.url(user), name=user) as bus:
        await bus.publish([(subject, EVENT)])


@pytest.mark.parametrize(
    ("user", "stream"), [(user, stream) for user, streams in READS.items() for stream in streams]
)
async def test_a_nats_user_follows_handles_and_puts_aside_events(
    nats_server: NatsServer, nats_url: str, user: str, stream: Stream
) -> None:
    delivered: list[int] = []

    async def fail(deliveries: Sequence[Delivery]) -> None:
        delivered.extend(delivery.sequence for delivery in deliveries)
        raise ValueError("never")

    async with (
        Bus.connect(nats_url, name="operator") as operator,
        Bus.connect(nats_server.url(user), name=user) as bus,
    ):
        await operator.publish([(stream.subject("CameraRenamed", "plaza"), EVENT)])
        consumer = Consumer(bus, stream, f"{user}-test", fail, user, max_attempts=2)
        consuming = asyncio.create_task(consumer.run())
        try:
            async with asyncio.timeout(20):
                followed = await anext(tail(bus, stream, 0))
                put_aside = await anext(tail(operator, DEAD_LETTERS, 0))
        finally:
            consuming.cancel()
            await asyncio.gather(consuming, return_exceptions=True)
    assert followed.envelope.id == put_aside.envelope.id == EVENT.id
    assert delivered == [1, 1]


async def test_a_worker_takes_tasks_off_their_queue(nats_server: NatsServer, nats_url: str) -> None:
    async with (
        Bus.connect(nats_url, name="operator") as operator,
        Bus.connect(nats_server.url("agent"), name="agent") as agent,
    ):
        await operator.publish([(TASKS.subject("high", "1"), EVENT)])
        queue = await subscribe(agent, "high")
        (taken,) = await queue.fetch(1, timeout=5)
        await taken.ack_sync()
        assert (await operator.jetstream.stream_info(TASKS.name)).state.messages == 0


@pytest.mark.parametrize("user", PUBLISHES)
async def test_only_analytics_looks_up_pictures(
    nats_server: NatsServer, nats_url: str, user: str
) -> None:
    subject = PICTURES.subject("plaza", "crossing")
    async with Bus.connect(nats_server.url("agent"), name="agent") as agent:
        await store(agent, PICTURES, subject, b"jpeg", timedelta(minutes=1))
    async with refusals(nats_server, user) as (client, refused):
        bus = Bus(client)
        bus.jetstream = client.jetstream(timeout=0.2)
        if PICTURES in LOOKS_UP.get(user, ()):
            assert await look_up(bus, PICTURES, subject) == b"jpeg"
            return
        with pytest.raises(Unavailable):
            await look_up(bus, PICTURES, subject)
    assert "permissions violation" in refused[0]


@pytest.mark.parametrize(
    ("user", "stream"),
    [
        (user, stream)
        for user in READS
        for stream in STREAMS
        if stream not in (*READS[user], *TAKES.get(user, ()))
    ],
)
async def test_a_nats_user_cannot_read_what_is_not_for_it(
    nats_server: NatsServer, nats_url: str, user: str, stream: Stream
) -> None:
    async with Bus.connect(nats_url, name="operator"):
        pass  # the streams are there
    async with refusals(nats_server, user) as (client, refused):
        jetstream = client.jetstream(timeout=0.2)
        with pytest.raises(nats.errors.TimeoutError):
            await jetstream.pull_subscribe(stream.subject(">"), stream=stream.name)
    assert "permissions violation" in refused[0]
    assert stream.name.lower() in refused[0]


@pytest.mark.parametrize("user", READS)
async def test_a_nats_user_cannot_listen_to_anothers_answers(
    nats_server: NatsServer, user: str
) -> None:
    async with refusals(nats_server, user) as (client, refused):
        for inbox in ("_INBOX.>", inbox_prefix("stack") + ".>"):
            await client.subscribe(inbox)
        await client.flush()
        async with asyncio.timeout(5):
            while len(refused) < 2:
                await asyncio.sleep(0.01)
    assert all("permissions violation" in each for each in refused)


async def echo(request: events_pb2.CameraRenamed) -> events_pb2.CameraRenamed:
    return request


async def test_the_camera_context_asks_and_workers_answer(
    nats_server: NatsServer, nats_url: str
) -> None:
    subject = request_subject("worker", "v1", "probe")
    async with (
        Bus.connect(nats_server.url("camera"), name="camera") as camera,
        Bus.connect(nats_server.url("agent"), name="agent") as agent,
    ):
        responder = Responder(agent, "workers", events_pb2.CameraRenamed, echo, limit=1)
        async with aclosing(responder):
            await responder.listen({subject})
            await settle(agent)
            assert await ask(camera, subject, RENAMED, events_pb2.CameraRenamed, 5.0) == RENAMED


@pytest.mark.parametrize("user", [user for user in READS if user not in ASKS])
async def test_others_can_neither_ask_workers_nor_listen_to_what_they_are_asked(
    nats_server: NatsServer, user: str
) -> None:
    subject = request_subject("worker", "v1", "probe")
    async with refusals(nats_server, user) as (client, refused):
        await client.publish(subject, b"")
        if user not in ANSWERS:
            await client.subscribe(subject)
        await client.flush()
        async with asyncio.timeout(5):
            while len(refused) < (1 if user in ANSWERS else 2):
                await asyncio.sleep(0.01)
    assert all("permissions violation" in each for each in refused)


async def test_workers_answer_nobody_but_those_who_asked(nats_server: NatsServer) -> None:
    async with refusals(nats_server, "agent") as (client, refused):
        await client.publish(inbox_prefix("camera") + ".forged", b"")
        await client.flush()
        async with asyncio.timeout(5):
            while not refused:
                await asyncio.sleep(0.01)
    assert "permissions violation" in refused[0]
