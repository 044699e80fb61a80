"""Echoes over gRPC: `python -m benchmarks.gateway.echo_grpc bare|guarded ADDRESS KEY`.

`bare` is grpc.aio and nothing else. `guarded` is a process like every context's: telemetry, all guards, tokens verified
with KEY (a JSON Web Key), requests checked against their contract.
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer

from benchmarks.gateway.backend import Forgetful
from tally.api.auth.v1 import jwks_service_pb2, jwks_service_pb2_grpc
from tally.api.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc
from tally.kernel.grpc.server import serve
from tally.kernel.grpc.tokens import Jwk, JwksAuthenticator
from tally.kernel.process import run
from tally.kernel.settings import ServerSettings
from tally.stack.folder import free_port


class Echo(worker_service_pb2_grpc.WorkerServiceServicer):
    """Says which cameras it was told of."""

    async def RenewLease(self, request: Any, context: Any) -> Any:  # noqa: D102, N802 - gRPC's name
        worker = worker_pb2.Worker(id=request.worker_id, cameras=request.cameras)
        return worker_service_pb2.RenewLeaseResponse(worker=worker)


class Keys(jwks_service_pb2_grpc.JwksServiceServicer):
    """Publishes one key, for a gateway in front."""

    def __init__(self, key: Jwk) -> None:
        self._key = key

    async def GetJwks(self, request: Any, context: Any) -> Any:  # noqa: D102, N802 - gRPC's name
        key = jwks_service_pb2.JsonWebKey(**self._key)
        return jwks_service_pb2.GetJwksResponse(keys=[key])


@asynccontextmanager
async def _bare(address: str) -> AsyncIterator[None]:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    _add_echo(server)
    health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), server)
    server.add_insecure_port(address)
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


@asynccontextmanager
async def _guarded(address: str, key: Jwk) -> AsyncIterator[None]:
    async def fetch() -> list[Jwk]:
        return [key]

    def register(server: grpc.aio.Server) -> None:
        _add_echo(server)
        jwks_service_pb2_grpc.add_JwksServiceServicer_to_server(Keys(key), server)

    settings = ServerSettings(listen=address, shutdown_grace_s=0.1)
    async with serve("worker", settings, register, {}, JwksAuthenticator(fetch), Forgetful()):
        yield


def _add_echo(server: grpc.aio.Server) -> None:
    echo = Echo()  # type: ignore[abstract]  # the methods left out are never called
    worker_service_pb2_grpc.add_WorkerServiceServicer_to_server(echo, server)


def main() -> None:
    """Serve until told to stop."""
    kind, address, key = sys.argv[1:]
    if kind == "bare":
        run(kind, _bare(address))
    else:
        metrics_listen = f"127.0.0.1:{free_port()}"
        run(kind, _guarded(address, json.loads(key)), metrics_listen=metrics_listen)


if __name__ == "__main__":
    main()
