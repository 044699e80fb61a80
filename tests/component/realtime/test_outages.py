"""What happens to subscribers when the stream of counts goes away."""

import asyncio
from pathlib import Path

import grpc
import pytest
from pydantic import SecretStr

from tally.kernel.bus import COUNTING, Bus
from tally.kernel.grpc.client import connect
from tally.realtime.application import feed
from tally.realtime.bootstrap import realtime_server
from tally.realtime.settings import RealtimeSettings
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tests.callers import Anybody
from tests.component.realtime.calls import count, refusal, subscribed


async def test_a_restart_of_nats_costs_subscribers_nothing(
    tmp_path: Path, settings: RealtimeSettings
) -> None:
    nats = NatsServer(DataFolder(tmp_path))
    await nats.start()
    settings = settings.model_copy(update={"nats_url": SecretStr(nats.url("realtime"))})
    try:
        async with (
            Bus.connect(nats.url("stack"), name="test") as bus,
            realtime_server(settings, authenticator=Anybody()) as server,
            connect(server.address) as channel,
            subscribed(channel) as subscriber,
        ):
            await subscriber.read()
            await count(bus, range(3))
            assert await subscriber.sequences(3) == [0, 1, 2]
            await nats.stop()
            await nats.start()
            async with asyncio.timeout(20):
                while not bus.client.is_connected:
                    await asyncio.sleep(0.05)
            await count(bus, range(3, 6))
            assert await subscriber.sequences(3) == [3, 4, 5]
    finally:
        await nats.stop()


@pytest.fixture(autouse=True)
def watchful_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "CHECK_EVERY_S", 0.1)


async def test_a_stream_made_anew_sends_subscribers_away_and_goes_on(
    channel: grpc.aio.Channel, bus: Bus
) -> None:
    async with subscribed(channel) as subscriber:
        await subscriber.read()
        await count(bus, range(3))
        await subscriber.sequences(3)
        await bus.jetstream.delete_stream(COUNTING.name)
        await bus.ensure_streams()
        assert await refusal(subscriber) == (grpc.StatusCode.UNAVAILABLE, "STREAM_INTERRUPTED")
        outdated = subscriber.token
    async with subscribed(channel, token=outdated) as subscriber:
        assert await refusal(subscriber) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "RESUME_TOKEN_INVALID",
        )
    async with subscribed(channel) as subscriber:
        await subscriber.read()
        await count(bus, range(7, 9))
        assert await subscriber.sequences(2) == [7, 8]
