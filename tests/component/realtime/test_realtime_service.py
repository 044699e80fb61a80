"""Whoever subscribes hears of everything that is counted, once and in order."""

import asyncio
import time

import grpc
import pytest

from tally.kernel.bus import COUNTING, Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tally.realtime.bootstrap import realtime_server
from tally.realtime.domain.model import Position
from tally.realtime.settings import RealtimeSettings
from tests.callers import Anybody
from tests.component.realtime.calls import CAMERA, NOON, count, numbered, refusal, subscribed
from tests.counts import publish, record
from tests.refusals import reason_of


async def test_counts_arrive_as_they_were_published(channel: grpc.aio.Channel, bus: Bus) -> None:
    sent = record(CAMERA, 0, NOON, inwards=2, outwards=1, stays=[1.0])
    async with subscribed(channel) as subscriber:
        assert (await subscriber.read()).HasField("heartbeat")
        await publish(bus, [sent])
        message = await subscriber.read()
        while not message.HasField("counts"):
            message = await subscriber.read()
    counts = message.counts
    assert (counts.camera_id, counts.run_id, counts.time) == (CAMERA, sent.run_id, sent.end_time)
    assert counts.crossings == sent.crossings
    assert counts.visits == sent.visits
    assert counts.occupancies == sent.occupancies
    assert counts.totals == sent.totals
    assert counts.detector == "motion"


async def test_silence_is_broken_by_signs_of_life(channel: grpc.aio.Channel) -> None:
    async with subscribed(channel) as subscriber:
        for _ in range(3):
            message = await subscriber.read()
            assert message.HasField("heartbeat")
            assert message.resume_token


async def test_subscribers_hear_of_their_cameras_alone(channel: grpc.aio.Channel, bus: Bus) -> None:
    other = new_id()
    async with subscribed(channel, CAMERA) as one, subscribed(channel) as everything:
        await one.read()
        await everything.read()
        for number in range(4):
            await count(bus, [number], CAMERA if number % 2 else other)
        assert await one.sequences(2) == [1, 3]
        assert await everything.sequences(4) == [0, 1, 2, 3]


@pytest.mark.parametrize("cameras", [(), (CAMERA,)], ids=["all", "one"])
async def test_resuming_again_and_again_under_load_leaves_nothing_out_and_repeats_nothing(
    channel: grpc.aio.Channel, bus: Bus, cameras: tuple[str, ...]
) -> None:
    total, noise = 400, new_id()

    async def keep_counting() -> None:
        for first in range(0, total, 5):
            await count(bus, range(first, first + 5))
            if cameras:
                await count(bus, [0], noise)
            await asyncio.sleep(0.005)

    async with subscribed(channel, *cameras) as subscriber:
        await subscriber.read()
        token = subscriber.token
    counting = asyncio.create_task(keep_counting())
    heard: list[int] = []
    while len(heard) < total:
        async with subscribed(channel, *cameras, token=token) as subscriber:
            heard += await subscriber.sequences(min(37, total - len(heard)))
            token = subscriber.token
    await counting
    assert heard == list(range(total))


async def test_a_subscriber_resumes_at_another_server(
    channel: grpc.aio.Channel, bus: Bus, settings: RealtimeSettings
) -> None:
    async with subscribed(channel) as subscriber:
        await subscriber.read()
        await count(bus, range(3))
        assert await subscriber.sequences(2) == [0, 1]
        token = subscriber.token
    async with (
        realtime_server(settings, authenticator=Anybody()) as other,
        connect(other.address) as other_channel,
        subscribed(other_channel, token=token) as subscriber,
    ):
        assert await subscriber.sequences(1) == [2]


async def test_a_long_absence_is_made_up_for(channel: grpc.aio.Channel, bus: Bus) -> None:
    async with subscribed(channel) as subscriber:
        await subscriber.read()
        token = subscriber.token
    for first in range(0, 900, 300):
        await count(bus, range(first, first + 300))
    async with subscribed(channel, token=token) as subscriber:
        assert await subscriber.sequences(900) == list(range(900))


@pytest.mark.parametrize("token", ["nonsense", Position(1, 1).token, Position(0, 2**63).token])
async def test_a_token_of_no_position_is_refused(channel: grpc.aio.Channel, token: str) -> None:
    async with subscribed(channel, token=token) as subscriber:
        assert await refusal(subscriber) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "RESUME_TOKEN_INVALID",
        )


async def test_a_token_whose_successors_are_gone_has_expired(
    channel: grpc.aio.Channel, bus: Bus
) -> None:
    async with subscribed(channel) as subscriber:
        await subscriber.read()
        token = subscriber.token
        await count(bus, range(3))
        await subscriber.sequences(3)
    await bus.jetstream.purge_stream(COUNTING.name)
    async with subscribed(channel, token=token) as subscriber:
        assert await refusal(subscriber) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "RESUME_TOKEN_EXPIRED",
        )


async def test_a_subscriber_who_does_not_read_is_sent_away_and_can_resume(
    channel: grpc.aio.Channel, bus: Bus
) -> None:
    async with subscribed(channel) as slow:
        await slow.read()
        heavy = numbered(0, CAMERA)
        heavy.detector = "x" * 60_000  # fills the buffers on the way, which are not the server's
        for number in range(800):
            heavy.sequence = heavy.totals[0].in_count = number
            await publish(bus, [heavy])
        code, reason = await refusal(slow)
        assert (code, reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SUBSCRIBER_TOO_SLOW")
    async with subscribed(channel, token=slow.token) as subscriber:
        [following] = await subscriber.sequences(1)
        assert 0 < following < 800


async def test_no_more_subscribers_than_allowed(channel: grpc.aio.Channel) -> None:
    async with (
        subscribed(channel) as first,
        subscribed(channel) as second,
        subscribed(channel) as third,
    ):
        for subscriber in (first, second, third):
            await subscriber.read()
        async with subscribed(channel) as fourth:
            assert await refusal(fourth) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "TOO_MANY_SUBSCRIBERS",
            )


async def test_places_are_free_again_when_their_subscribers_have_gone(
    channel: grpc.aio.Channel,
) -> None:
    for _ in range(10):
        await admitted(channel)


async def admitted(channel: grpc.aio.Channel) -> None:
    """Subscribe as soon as there is a place: the server learns a little later that a caller has gone."""
    async with asyncio.timeout(10):
        while True:
            async with subscribed(channel) as subscriber:
                try:
                    await subscriber.read()
                except grpc.aio.AioRpcError as error:
                    assert reason_of(error) == "TOO_MANY_SUBSCRIBERS"  # noqa: PT017 - other errors fail as well
                else:
                    return


async def test_a_stopping_server_sends_its_subscribers_away_at_once(
    settings: RealtimeSettings, bus: Bus
) -> None:
    stop = asyncio.Event()
    serving: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve() -> None:
        async with realtime_server(settings, authenticator=Anybody()) as server:
            serving.set_result(server.address)
            await stop.wait()

    server = asyncio.create_task(serve())
    async with connect(await serving) as channel, subscribed(channel) as subscriber:
        await subscriber.read()
        began = time.monotonic()
        stop.set()
        assert await refusal(subscriber) == (grpc.StatusCode.UNAVAILABLE, "STREAM_INTERRUPTED")
        await server
        assert time.monotonic() - began < settings.shutdown_grace_s / 2
