"""Traces, measures and logs every served call."""

import asyncio
import time
from functools import cache
from typing import Any

import grpc
import structlog
from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import Histogram

from tally.kernel.grpc.call import Call, Proceed

_tracer = trace.get_tracer("tally.kernel.grpc")
# OpenTelemetry's histogram costs ten times as much, as it looks at each record's attributes anew.
_duration = Histogram(
    "rpc_server_duration_seconds",
    "Time from a call's arrival to its end",
    ["rpc_service", "rpc_method", "rpc_grpc_status_code"],
)
_log = structlog.get_logger(__name__)

_TRACE_PARENT = "traceparent"
_SERVER_FAULTS = frozenset(
    code.value[0]
    for code in (
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)
_UNKNOWN: int = grpc.StatusCode.UNKNOWN.value[0]
_NAMES: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}


async def observe(call: Call, proceed: Proceed) -> Any:
    """Guard that puts the call into its caller's trace and records how it ended.

    Names follow OpenTelemetry's semantic conventions for RPC.
    """
    name, attributes = _names(call.path)
    start = time.perf_counter()
    parent = propagate.extract(call.metadata) if _TRACE_PARENT in call.metadata else None
    # `start_as_current_span` does the same in four context managers, for which small calls are too many.
    span = _tracer.start_span(name, parent, SpanKind.SERVER, attributes)
    token = context.attach(trace.set_span_in_context(span))
    try:
        return await proceed(call)
    except asyncio.CancelledError:
        call.context.set_code(grpc.StatusCode.CANCELLED)
        raise
    finally:
        number = _status(call)
        elapsed = time.perf_counter() - start
        _ended(call.path, number).observe(elapsed)
        if number in _SERVER_FAULTS:
            _log.warning("call", method=call.path, status=_NAMES[number], seconds=round(elapsed, 4))
            span.set_status(StatusCode.ERROR)
        context.detach(token)
        if span.is_recording():
            span.set_attribute("rpc.grpc.status_code", number)
            span.end()


@cache
def _names(path: str) -> tuple[str, dict[str, str]]:
    """A served method's span and attributes."""
    service, _, method = path.removeprefix("/").partition("/")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
    return f"{service}/{method}", attributes


@cache
def _ended(path: str, number: int) -> Histogram:
    """Durations of calls of a served method that ended with this status."""
    service, _, method = path.removeprefix("/").partition("/")
    return _duration.labels(service, method, _NAMES[number])


def _status(call: Call) -> int:
    """The number of the status that a call ends with; gRPC tells numbers or what it was given."""
    code = call.context.code() or 0
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    return number if number in _NAMES else _UNKNOWN
