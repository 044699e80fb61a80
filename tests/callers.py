"""Callers for tests that are about something else than who may call."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc

from tally.api.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.kernel.grpc.server import serve
from tally.kernel.identity import ADMINISTER, Principal
from tally.kernel.settings import ServerSettings


class Anybody:
    """Takes every caller for one administrator."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        return Principal("user:administrator", frozenset({ADMINISTER}))


class Forgetful:
    """Keeps no record of any call."""

    async def keep(self, record: AuditRecord) -> None:
        pass


class Keeper:
    """Takes every caller for somebody who holds permissions at some sites only."""

    def __init__(self, sites: Mapping[str, frozenset[str]]) -> None:
        self._principal = Principal("user:keeper", sites=sites)

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        return self._principal


class _Issuer(auth_service_pb2_grpc.AuthServiceServicer):
    async def IssueToken(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        answer = auth_service_pb2.IssueTokenResponse(access_token=f"token of {request.api_key}")
        answer.access_token_lifetime.FromTimedelta(timedelta(minutes=15))
        return answer


@asynccontextmanager
async def token_issuer() -> AsyncIterator[str]:
    """The address of an auth context that gives a token for any key, which `Anybody` takes."""
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.1)
    servicer = _Issuer()  # type: ignore[abstract]  # the methods left out are never called

    def register(server: grpc.aio.Server) -> None:
        auth_service_pb2_grpc.add_AuthServiceServicer_to_server(servicer, server)

    async with serve("auth", settings, register, {}, trail=Forgetful()) as server:
        yield server.address
