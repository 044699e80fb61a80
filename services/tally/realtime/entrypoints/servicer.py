"""The RealtimeService of the contract."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from tally.api.realtime.v1 import realtime_service_pb2 as messages
from tally.api.realtime.v1 import realtime_service_pb2_grpc
from tally.kernel.clock import Clock
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.realtime.application.subscribe import Subscribe
from tally.realtime.domain.model import Interest
from tally.realtime.entrypoints import mapping


class RealtimeServicer(realtime_service_pb2_grpc.RealtimeServiceServicer):
    """Streams live counts."""

    def __init__(self, subscribe: Subscribe[messages.CameraCounts], clock: Clock) -> None:
        self._subscribe = subscribe
        self._clock = clock

    async def Subscribe(  # noqa: N802 - gRPC's name
        self, request: messages.SubscribeRequest, context: ServicerContext
    ) -> AsyncIterator[messages.SubscribeResponse]:
        """Stream the counts of the cameras asked for."""
        interest = Interest(frozenset(request.camera_ids), current_sites())
        updates = self._subscribe(interest, request.resume_token)
        async with aclosing(updates):
            async for update in updates:
                yield mapping.subscribe_response(update, self._clock)
