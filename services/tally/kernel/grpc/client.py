"""Channels to other contexts."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from opentelemetry import propagate

from tally.kernel.contracts import methods
from tally.kernel.grpc.deadline import onward_timeout

_OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.enable_retries", 0),  # the gateway or the mesh retries; twice over would multiply
]


def connect(address: str) -> grpc.aio.Channel:
    """A channel whose calls keep their contract's deadline and carry the trace of the call being served.

    Args:
        address: `host:port` of the gateway or of a context.
    """
    interceptors: list[Any] = [_OnwardUnary(), _OnwardStream()]
    return grpc.aio.insecure_channel(address, options=_OPTIONS, interceptors=interceptors)


def _onward(details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
    path = details.method.decode() if isinstance(details.method, bytes) else details.method
    method = methods().get(path)
    timeout = details.timeout
    if timeout is None and method is not None:
        timeout = onward_timeout(method.deadline_s)
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    metadata = grpc.aio.Metadata(*(details.metadata or ()), *carrier.items())
    return grpc.aio.ClientCallDetails(
        details.method, timeout, metadata, details.credentials, details.wait_for_ready
    )


class _OnwardUnary(
    grpc.aio.UnaryUnaryClientInterceptor  # type: ignore[type-arg]  # generic in the stubs alone
):
    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(_onward(client_call_details), request)


class _OnwardStream(
    grpc.aio.UnaryStreamClientInterceptor  # type: ignore[type-arg]  # generic in the stubs alone
):
    async def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(_onward(client_call_details), request)
