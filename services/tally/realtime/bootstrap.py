"""Puts the realtime server together; nothing else knows all its parts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from tally.api.realtime.v1 import realtime_service_pb2 as messages
from tally.api.realtime.v1.realtime_service_pb2_grpc import add_RealtimeServiceServicer_to_server
from tally.kernel.bus import Bus
from tally.kernel.clock import Clock, utc_now
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator
from tally.kernel.process import background
from tally.realtime.adapters.counting_stream import JetStreamCounts
from tally.realtime.application.feed import Feed
from tally.realtime.application.hub import Hub
from tally.realtime.application.subscribe import Subscribe
from tally.realtime.entrypoints.mapping import camera_counts
from tally.realtime.entrypoints.servicer import RealtimeServicer
from tally.realtime.settings import RealtimeSettings


@asynccontextmanager
async def realtime_server(
    settings: RealtimeSettings,
    *,
    clock: Clock = utc_now,
    authenticator: Authenticator | None = None,
) -> AsyncIterator[RunningServer]:
    """The realtime context: following what is counted, and serving subscribers.

    Args:
        settings: Where things are.
        clock: Stamps signs of life.
        authenticator: Who recognises callers; by default the auth context's keys do.
    """
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            Bus.connect(settings.nats_url.get_secret_value(), name="realtime")
        )
        stream = JetStreamCounts(bus, camera_counts)
        hub = Hub[messages.CameraCounts](
            (await stream.extent()).end,
            queue_capacity=settings.queue_capacity,
            max_subscribers=settings.max_subscribers,
        )
        await stack.enter_async_context(background(Feed(stream, hub).run()))
        subscribe = Subscribe(
            stream, hub, heartbeat_s=settings.heartbeat_s, max_gap=settings.queue_capacity // 2
        )
        servicer = RealtimeServicer(subscribe, clock)

        def register(server: grpc.aio.Server) -> None:
            add_RealtimeServiceServicer_to_server(servicer, server)

        server = await stack.enter_async_context(
            serve("realtime", settings, register, {"nats": bus.ping}, authenticator)
        )
        # Before the server stops, so that it need not wait for streams which never end by themselves.
        stack.callback(hub.close)
        yield server
