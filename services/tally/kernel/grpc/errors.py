"""The one table from domain errors to gRPC status, with google.rpc details for client code."""

from typing import Any

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tally.kernel import errors
from tally.kernel.contracts import Method
from tally.kernel.grpc.call import Call, Proceed

_STATUS: dict[type[errors.DomainError], grpc.StatusCode] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.Conflict: grpc.StatusCode.ABORTED,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
}

_log = structlog.get_logger(__name__)


async def translate_errors(call: Call, proceed: Proceed) -> Any:
    """Guard that ends a failed call with its status; unknown errors become INTERNAL without detail."""
    try:
        return await proceed(call)
    except grpc.aio.AbortError:
        raise
    except errors.DomainError as error:
        status = rpc_status.to_status(to_status(error, call.method))
        await call.context.abort(status.code, status.details, status.trailing_metadata)
    except Exception:
        _log.exception("call_failed", method=call.path)
        await call.context.abort(
            grpc.StatusCode.INTERNAL,
            "internal error; the server's log tells more under this trace id",
        )


def status_code(error: errors.DomainError) -> grpc.StatusCode:
    """The gRPC status of a call that ends with `error`."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def to_status(error: errors.DomainError, method: Method | None) -> status_pb2.Status:
    """The error as `google.rpc.Status`: ErrorInfo always, BadRequest where fields are at fault."""
    code = status_code(error)
    details: list[Message] = [
        error_details_pb2.ErrorInfo(
            reason=error.reason,
            domain=f"{method.context}.tally.api" if method else "tally.api",
            metadata=error.metadata,
        )
    ]
    if isinstance(error, errors.InvalidInput):
        details.append(
            error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=violation.field, description=violation.description
                    )
                    for violation in error.violations
                ]
            )
        )
    status = status_pb2.Status(code=code.value[0], message=str(error))
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status
