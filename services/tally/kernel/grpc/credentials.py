"""What a program shows when it calls: access tokens that it gets with a service account's key."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Protocol

import grpc

from tally.api.auth.v1 import auth_service_pb2
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub

RENEWED_AFTER = 0.7
"""Share of a token's lifetime after which the next one is fetched; the rest bridges an auth context that is down."""
PAUSE_S = 2.0
"""Time between two attempts to renew a token that still holds."""


class Credentials(Protocol):
    """Where the token of an outgoing call comes from."""

    async def token(self) -> str:
        """An access token that holds now.

        Raises:
            grpc.aio.AioRpcError: There is none, and none can be had.
        """


class ApiKey:
    """Exchanges a service account's key for access tokens, and keeps each until it is time for the next.

    Args:
        channel: Where the auth context is, directly or through the gateway; see `kernel.grpc.client.connect`.
        key: The key.
        seconds: A clock that never jumps.
    """

    def __init__(
        self, channel: grpc.aio.Channel, key: str, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._auth = AuthServiceStub(channel)
        self._key = key
        self._seconds = seconds
        self._token = ""
        self._renew_at = self._ends_at = float("-inf")
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """The kept token, or the next one.

        Raises:
            grpc.aio.AioRpcError: The key does not hold, or the auth context is down and the kept token has ended.
        """
        if self._seconds() < self._renew_at:
            return self._token
        async with self._lock:
            if self._seconds() >= self._renew_at:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        request = auth_service_pb2.IssueTokenRequest(api_key=self._key)
        asked_at = self._seconds()
        try:
            answer = await self._auth.IssueToken(request)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAUTHENTICATED or asked_at >= self._ends_at:
                raise
            self._renew_at = asked_at + PAUSE_S
            return
        lifetime = answer.access_token_lifetime.ToTimedelta().total_seconds()
        self._token = answer.access_token
        self._renew_at = asked_at + RENEWED_AFTER * lifetime
        self._ends_at = asked_at + lifetime
