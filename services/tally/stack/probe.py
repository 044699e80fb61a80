"""Ways to ask a server whether it is ready."""

import asyncio

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_QUICK_RECONNECT = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 100),
]
_HEALTH_TIMEOUT_S = 2.0


async def first_line(address: str, request: bytes = b"") -> bytes:
    """The first line that a server says after `request`; empty when nobody answers.

    Args:
        address: `host:port` to connect to.
        request: What to send first.
    """
    host, _, port = address.rpartition(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return b""
    try:
        writer.write(request)
        return await reader.readline()
    except (OSError, ValueError):
        return b""
    finally:
        writer.close()


class HealthProbe:
    """Asks grpc.health.v1 for a server as a whole, over one connection that lasts: servers pay for each new one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stub: health_pb2_grpc.HealthStub | None = None

    async def __call__(self) -> bool:
        """Whether the server is SERVING."""
        if self._stub is None:  # not earlier, as a channel belongs to the loop that is running
            channel = grpc.aio.insecure_channel(self._address, options=_QUICK_RECONNECT)
            self._stub = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await self._stub.Check(
                health_pb2.HealthCheckRequest(), timeout=_HEALTH_TIMEOUT_S
            )
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
