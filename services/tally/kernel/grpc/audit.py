"""Records every call of an audited method before its answer leaves, whatever the answer is."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import grpc
import structlog
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from opentelemetry import trace

from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.kernel.audit import AuditTrail
from tally.kernel.clock import utc_now
from tally.kernel.contracts import Method, methods
from tally.kernel.errors import DomainError, Unavailable
from tally.kernel.grpc.call import Call, Guard, Proceed, caller_address
from tally.kernel.grpc.errors import status_code
from tally.kernel.ids import new_id
from tally.kernel.messages import without_sensitive

MAX_REQUEST_BYTES = 4096
PATIENCE_S = 5.0
"""Time that a trail gets beyond the call's own: a call that ran out of time is recorded too."""

_log = structlog.get_logger(__name__)
_keeping: set["asyncio.Task[None]"] = set()
"""The event loop keeps weak references to its tasks only."""


def audited(method: Method | None) -> bool:
    """Whether calls of the method are recorded."""
    return method is not None and method.policy is not None and method.policy.audited


def require_trail(context: str, trail: AuditTrail | None) -> None:
    """Refuse to serve audited methods that nothing would record.

    Raises:
        ValueError: The context has some, and there is no trail.
    """
    if trail is None and any(
        method.context == context and audited(method) for method in methods().values()
    ):
        raise ValueError(f"{context} has audited methods: give its server an audit trail")


def record_calls(trail: AuditTrail) -> Guard:
    """Guard of audited methods: has the trail keep a record of each call; fails the call if it cannot.

    It surrounds the guards that refuse calls, so that refused ones are recorded too. A call that its caller
    cancels is recorded as such: it may have done its work all the same.
    """

    async def guard(call: Call, proceed: Proceed) -> Any:
        try:
            answer = await proceed(call)
        except asyncio.CancelledError:
            await _finish(_keep(trail, _record(call, grpc.StatusCode.CANCELLED)))
            raise
        except DomainError as error:
            await _finish(_keep(trail, _record(call, status_code(error), error.reason)))
            raise
        except grpc.aio.AbortError:
            code = call.context.code()
            known = code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN
            await _finish(_keep(trail, _record(call, known)))
            raise
        except Exception:
            await _finish(_keep(trail, _record(call, grpc.StatusCode.INTERNAL)))
            raise
        await _finish(_keep(trail, _record(call, grpc.StatusCode.OK)))
        return answer

    return guard


async def _finish(work: Awaitable[None]) -> None:
    """Let the work end even if the call is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    _keeping.add(task)
    task.add_done_callback(_keeping.discard)
    await asyncio.shield(task)


async def _keep(trail: AuditTrail, record: AuditRecord) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await trail.keep(record)
    except Exception as error:
        _log.exception("call_not_audited", method=record.method, outcome=record.outcome)
        raise Unavailable(
            "the call cannot be recorded in the audit log; see whether it did its work, and try again"
        ) from error


def _record(call: Call, outcome: grpc.StatusCode, reason: str = "") -> AuditRecord:
    record = AuditRecord(
        id=new_id(),
        principal=call.principal.subject if call.principal else "",
        address=caller_address(call.context),
        method=call.path.removeprefix("/"),
        request=shown(call.request) if isinstance(call.request, Message) else "",
        outcome=outcome.name,
        reason=reason,
        trace_id=_trace_id(),
    )
    record.time.FromDatetime(utc_now())
    return record


def shown(request: Message) -> str:
    """The request as JSON without what is sensitive, cut off at `MAX_REQUEST_BYTES`."""
    text = MessageToJson(without_sensitive(request), indent=None)
    return text.encode()[:MAX_REQUEST_BYTES].decode(errors="ignore")


def _trace_id() -> str:
    span = trace.get_current_span().get_span_context()
    return trace.format_trace_id(span.trace_id) if span.is_valid else ""
