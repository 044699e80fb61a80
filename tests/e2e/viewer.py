"""Follows live counts the way a dashboard does."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import grpc

from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tests.meshes import until


class Viewer:
    """Subscribes; interrupted, goes on behind what it saw last.

    Attributes:
        crossings: Ids of all crossings it was told of, by camera, in their order.
        interruptions: How often it had to subscribe anew.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.crossings: dict[str, list[str]] = defaultdict(list)
        self.interruptions = 0
        self._stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        self._token = ""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watch in the background, from now until the block is left."""
        task = asyncio.create_task(self._watch())
        await until(lambda: bool(self._token))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            request = realtime_service_pb2.SubscribeRequest(resume_token=self._token)
            with suppress(grpc.aio.AioRpcError):
                async for message in self._stub.Subscribe(request):
                    counts = message.counts
                    self.crossings[counts.camera_id] += [each.id for each in counts.crossings]
                    self._token = message.resume_token
            self.interruptions += 1
            await asyncio.sleep(0.1)
