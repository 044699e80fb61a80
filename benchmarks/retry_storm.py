"""A context that fails every call: how much the gateway's retries add to its load."""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import grpc

from benchmarks.gateway.backend import CONTEXT, UNLIMITED, Keys, Logins, serving
from gateway_envoy.table import Context
from tally.api.auth.v1 import jwks_service_pb2, jwks_service_pb2_grpc
from tally.kernel.errors import Unavailable
from tally.kernel.telemetry import configure_logs
from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.folder import DataFolder

DURATION_S = 10
WORK_S = 0.02
CALLERS = (10, 50, 150)


class Failing(Keys):
    """Fails every call after some work.

    Attributes:
        attempts: Calls that arrived.
    """

    def __init__(self) -> None:
        self.attempts = 0

    async def GetJwks(self, request: Any, context: Any) -> Any:  # noqa: D102, N802 - gRPC's name
        self.attempts += 1
        await asyncio.sleep(WORK_S)
        raise Unavailable("away")


def main() -> None:
    """Print calls, attempts and the ratio."""
    os.environ.setdefault("TALLY_LOG_LEVEL", "error")
    configure_logs("benchmark")
    for callers in CALLERS:
        calls, attempts = asyncio.run(storm(callers, DURATION_S))
        print(
            f"{callers:4} callers: {calls} calls, {attempts} attempts, {attempts / calls - 1:+.1%} load"
        )


async def storm(callers: int, seconds: float) -> tuple[int, int]:
    """Calls made and attempts that reached the context.

    Args:
        callers: How many call at once, each again as soon as it has failed.
        seconds: For how long they do.
    """
    keys = Failing()
    with tempfile.TemporaryDirectory() as scratch:
        folder = DataFolder(Path(scratch))
        async with serving(Logins(), keys=keys) as server:  # type: ignore[abstract]  # no other method is called
            contexts = {CONTEXT: Context(address=server.address, max_requests=200)}
            envoy = EnvoyServer(
                folder, private_gateway(folder, contexts=contexts, common_limit=UNLIMITED)
            )
            await envoy.start()
            try:
                calls = await _call(envoy.gateway.listen, callers, seconds)
            finally:
                await envoy.stop()
    return calls, keys.attempts


async def _call(address: str, callers: int, seconds: float) -> int:
    """How many calls failed, as all must."""
    end = time.monotonic() + seconds
    calls = 0

    async def call(stub: "jwks_service_pb2_grpc.JwksServiceAsyncStub") -> None:
        nonlocal calls
        while time.monotonic() < end:
            try:
                await stub.GetJwks(jwks_service_pb2.GetJwksRequest())
            except grpc.aio.AioRpcError:
                calls += 1
            else:
                raise AssertionError("a call succeeded")

    options = [("grpc.enable_retries", 0)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        stub = jwks_service_pb2_grpc.JwksServiceStub(channel)
        await asyncio.gather(*(call(stub) for _ in range(callers)))
    return calls


if __name__ == "__main__":
    main()
