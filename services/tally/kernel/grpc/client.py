"""Channels to other contexts."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import grpc
from opentelemetry import propagate

from tally.kernel.contracts import methods
from tally.kernel.grpc.access import current_token
from tally.kernel.grpc.credentials import ApiKey, Credentials
from tally.kernel.grpc.deadline import onward_timeout

_OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
]


def connect(
    address: str,
    *,
    credentials: Credentials | None = None,
    tls: grpc.ChannelCredentials | None = None,
    direct: bool = False,
) -> grpc.aio.Channel:
    """A channel whose calls keep their contract's deadline and carry the trace of the call being served.

    A call made while another is served carries that one's token, so that the same caller's permissions count all the
    way; other calls carry `credentials`.

    Args:
        address: `host:port` of the gateway or of a context.
        credentials: What to show; None shows nothing, which is enough for public methods.
        tls: How to verify the server; None speaks in clear.
        direct: Whether nothing on the way repeats failed calls, so that the channel must, as the contracts say.
            The gateway and the mesh do; repeating twice over would multiply.
    """
    options = [*_OPTIONS, *(_retrying() if direct else [("grpc.enable_retries", 0)])]
    interceptors: list[Any] = [_OnwardUnary(credentials), _OnwardStream(credentials)]
    if tls is None:
        return grpc.aio.insecure_channel(address, options=options, interceptors=interceptors)
    return grpc.aio.secure_channel(address, tls, options=options, interceptors=interceptors)


@asynccontextmanager
async def connect_with_key(
    address: str, key: str, *, auth_address: str | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """A channel that shows a service account's key.

    Args:
        address: `host:port` of the gateway or of a context.
        key: The key.
        auth_address: Where the auth context is; None: at `address`, which is the gateway then.
    """
    async with (
        connect(auth_address or address) as auth,
        connect(address, credentials=ApiKey(auth, key)) as channel,
    ):
        yield channel


@cache
def _retrying() -> list[tuple[str, Any]]:
    """The channel's own retries (gRFC A6) under a budget: when most calls fail, it stops repeating."""
    repeated = [
        {
            "name": [{"service": method.service, "method": method.descriptor.name}],
            "retryPolicy": {
                "maxAttempts": method.policy.retries + 1,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
        for method in methods().values()
        if method.policy and method.policy.retries
    ]
    config = {
        "methodConfig": repeated,
        "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    }
    return [("grpc.enable_retries", 1), ("grpc.service_config", json.dumps(config))]


class _Onward:
    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials

    async def _details(self, details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        path = details.method.decode() if isinstance(details.method, bytes) else details.method
        method = methods().get(path)
        timeout = details.timeout
        if timeout is None and method is not None:
            timeout = onward_timeout(method.deadline_s)
        added: dict[str, str] = {}
        propagate.inject(added)
        metadata = grpc.aio.Metadata(*(details.metadata or ()))
        if "authorization" not in metadata:
            token = await self._token()
            if token:
                added["authorization"] = f"Bearer {token}"
        return grpc.aio.ClientCallDetails(
            details.method,
            timeout,
            grpc.aio.Metadata(*metadata, *added.items()),
            details.credentials,
            details.wait_for_ready,
        )

    async def _token(self) -> str:
        """The token of the call being served, else the channel's own."""
        token = current_token()
        if token or self._credentials is None:
            return token
        return await self._credentials.token()


class _OnwardUnary(
    _Onward,
    grpc.aio.UnaryUnaryClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs alone
):
    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(await self._details(client_call_details), request)


class _OnwardStream(
    _Onward,
    grpc.aio.UnaryStreamClientInterceptor,  # type: ignore[type-arg]  # generic in the stubs alone
):
    async def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(await self._details(client_call_details), request)
