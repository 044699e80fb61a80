"""Traces, measures and logs every served call."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import grpc
import structlog
from opentelemetry import context, metrics, propagate, trace
from opentelemetry.trace import SpanKind, StatusCode

from tally.kernel.grpc.call import Call

_tracer = trace.get_tracer("tally.kernel.grpc")
_duration = metrics.get_meter("tally.kernel.grpc").create_histogram(
    "rpc.server.duration", unit="s", description="Time from a call's arrival to its end"
)
_log = structlog.get_logger(__name__)

_SERVER_FAULTS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


@asynccontextmanager
async def observe(call: Call) -> AsyncIterator[None]:
    """Guard that puts the call into its caller's trace and records how it ended.

    Names follow OpenTelemetry's semantic conventions for RPC.
    """
    name, attributes = _names(call.path)
    start = time.perf_counter()
    # `start_as_current_span` does the same in four context managers, for which small calls are too many.
    span = _tracer.start_span(
        name,
        context=propagate.extract(call.metadata),
        kind=SpanKind.SERVER,
        attributes=attributes,
    )
    token = context.attach(trace.set_span_in_context(span))
    try:
        yield
    except asyncio.CancelledError:
        call.context.set_code(grpc.StatusCode.CANCELLED)
        raise
    finally:
        code = _status(call)
        elapsed = time.perf_counter() - start
        _duration.record(elapsed, {**attributes, "rpc.grpc.status_code": code.name})
        fault = code in _SERVER_FAULTS
        log = _log.warning if fault else _log.debug
        log("call", method=call.path, status=code.name, seconds=round(elapsed, 4))
        context.detach(token)
        span.set_attribute("rpc.grpc.status_code", code.value[0])
        if fault:
            span.set_status(StatusCode.ERROR)
        span.end()


@cache
def _names(path: str) -> tuple[str, dict[str, str]]:
    """A served method's span and attributes."""
    service, _, method = path.removeprefix("/").partition("/")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
    return f"{service}/{method}", attributes


def _status(call: Call) -> grpc.StatusCode:
    code = call.context.code()
    if isinstance(code, grpc.StatusCode):
        return code
    return _BY_NUMBER.get(code or 0, grpc.StatusCode.UNKNOWN)
