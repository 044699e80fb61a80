"""A context's gRPC server: its services behind the common guards, with health and reflection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from tally.kernel.audit import AuditTrail
from tally.kernel.contracts import Method, descriptor_pool, methods, service_names
from tally.kernel.grpc.access import NobodyAuthenticator, enforce_access
from tally.kernel.grpc.audit import audited, record_calls, require_trail
from tally.kernel.grpc.call import Guard, GuardInterceptor, GuardsOf
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.deadline import enforce_deadlines
from tally.kernel.grpc.errors import translate_errors
from tally.kernel.grpc.health import HealthMonitor, Probe
from tally.kernel.grpc.observe import observe
from tally.kernel.grpc.tokens import JwksAuthenticator, keys_from
from tally.kernel.grpc.validation import check_message
from tally.kernel.identity import Authenticator
from tally.kernel.settings import ServerSettings

Register = Callable[[grpc.aio.Server], None]
"""Adds a servicer to a server."""

_OPTIONS = [
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens.

    Attributes:
        address: Where, as `host:port`.
        health: What it says about itself.
    """

    address: str
    health: HealthMonitor


def guards(authenticator: Authenticator, trail: AuditTrail | None = None) -> GuardsOf:
    """What surrounds the calls of each method; without a trail no call is recorded."""
    record = record_calls(trail) if trail else None
    end_in_time = enforce_deadlines()

    def guards_of(path: str, method: Method | None) -> Sequence[Guard]:
        return (
            observe,
            translate_errors,
            *([record] if record and audited(method) else []),
            end_in_time,
            enforce_access(authenticator, path, method),
        )

    return guards_of


@asynccontextmanager
async def serve(
    context: str,
    settings: ServerSettings,
    register: Register,
    dependencies: Mapping[str, Probe],
    authenticator: Authenticator | None = None,
    trail: AuditTrail | None = None,
) -> AsyncIterator[RunningServer]:
    """Serve one context until the block is left, then let running calls end.

    Args:
        context: Name of the context, such as `camera`.
        settings: Where to listen and how.
        register: Adds the context's servicers.
        dependencies: What the context cannot work without, for its health.
        authenticator: Who recognises callers; by default the auth context's keys do.
        trail: What keeps records of audited calls; only contexts without such methods can do without.

    Raises:
        ValueError: The context has audited methods and no trail.
        OSError: The address is taken or not this machine's.
    """
    require_trail(context, trail)
    async with AsyncExitStack() as stack:
        if authenticator is None:
            authenticator = await _authenticator(stack, settings.auth_address)
        yield await stack.enter_async_context(
            _serving(context, settings, register, dependencies, guards(authenticator, trail))
        )


async def _authenticator(stack: AsyncExitStack, auth_address: str | None) -> Authenticator:
    if auth_address is None:
        return NobodyAuthenticator()
    channel = await stack.enter_async_context(connect(auth_address, direct=True))
    return JwksAuthenticator(keys_from(channel))


@asynccontextmanager
async def _serving(
    context: str,
    settings: ServerSettings,
    register: Register,
    dependencies: Mapping[str, Probe],
    guards_of: GuardsOf,
) -> AsyncIterator[RunningServer]:
    server = grpc.aio.server(
        interceptors=[GuardInterceptor(guards_of, check_message)],
        options=_OPTIONS,
        maximum_concurrent_rpcs=settings.max_concurrent_calls,
    )
    register(server)
    monitor = HealthMonitor(service_names(context), dependencies)
    health_pb2_grpc.add_HealthServicer_to_server(monitor.servicer, server)
    reflection.enable_server_reflection(
        sorted({method.service for method in methods().values()}),
        server,
        pool=descriptor_pool(),
    )
    host = settings.listen.rpartition(":")[0]
    try:
        port = server.add_insecure_port(settings.listen)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {settings.listen}: is something else there?") from error
    await server.start()
    await monitor.start()
    address = f"{host}:{port}"
    _log.info("serving", context=context, address=address)
    try:
        yield RunningServer(address, monitor)
    finally:
        await asyncio.shield(_stop(server, monitor, settings.shutdown_grace_s))
        _log.info("stopped", context=context)


async def _stop(server: grpc.aio.Server, monitor: HealthMonitor, grace_s: float) -> None:
    await monitor.stop()
    await server.stop(grace_s)
