"""A context behind the kernel's guards that a gateway can stand before: `python -m benchmarks.gateway.backend ADDRESS`.

It serves public methods, so that whoever attacks needs no credentials.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from gateway_envoy.table import Limit
from tally.api.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    jwks_service_pb2,
    jwks_service_pb2_grpc,
)
from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.settings import ServerSettings

CONTEXT = "auth"
READ = "/.well-known/jwks.json"
WRITE = "/api/v1/auth/login"
UNLIMITED = Limit(calls=10**8, seconds=10)
"""For gateways whose callers all come from one address, and do so on purpose."""
WRITE_RPC = "/tally.api.auth.v1.AuthService/Login"


class Logins(auth_service_pb2_grpc.AuthServiceServicer):
    """Lets everybody in, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    async def Login(self, request: Any, context: Any) -> Any:  # noqa: D102, N802 - gRPC's name
        self.count += 1
        return auth_service_pb2.LoginResponse()


class Forgetful:
    """Keeps no record of any call: what the guards cost is measured, not the audit log."""

    async def keep(self, record: AuditRecord) -> None:
        """Do nothing."""


class Keys(jwks_service_pb2_grpc.JwksServiceServicer):
    """Publishes two keys of the usual size."""

    async def GetJwks(self, request: Any, context: Any) -> Any:  # noqa: D102, N802 - gRPC's name
        key = jwks_service_pb2.JsonWebKey(kty="EC", crv="P-256", x="x" * 43, y="y" * 43, kid="k1")
        return jwks_service_pb2.GetJwksResponse(keys=[key, key])


@asynccontextmanager
async def serving(
    logins: Logins, listen: str = "127.0.0.1:0", keys: Keys | None = None
) -> AsyncIterator[RunningServer]:
    """The server."""

    def register(server: grpc.aio.Server) -> None:
        auth_service_pb2_grpc.add_AuthServiceServicer_to_server(logins, server)
        jwks_service_pb2_grpc.add_JwksServiceServicer_to_server(keys or Keys(), server)

    settings = ServerSettings(listen=listen, shutdown_grace_s=0.1)
    async with serve(CONTEXT, settings, register, {}, trail=Forgetful()) as server:
        yield server


async def _serve_until_told(listen: str) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with serving(Logins(), listen):  # type: ignore[abstract]  # the methods left out are never called
        await told.wait()


if __name__ == "__main__":
    asyncio.run(_serve_until_told(sys.argv[1]))
