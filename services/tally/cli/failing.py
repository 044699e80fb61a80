"""Turns expected failures into a few clear lines and an exit status, without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import typer
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from rich.console import Console

from tally.kernel.errors import DomainError
from tally.stack.errors import StackError
from tally.worker.agent.sources import SourceError

errors = Console(stderr=True, soft_wrap=True, highlight=False)

_MENDS = {
    "CREDENTIALS_WRONG": "type both again; a disabled account is answered alike",
    "REFRESH_TOKEN_INVALID": "tally login",
    "API_KEY_INVALID": "set TALLY_API_KEY to a key that holds, or unset it and use `tally login`",
    "BEYOND_OWN_PERMISSIONS": "ask somebody who holds them; `tally whoami` shows yours",
    "ETAG_MISMATCH": "repeat the command",
    "ROLE_NOT_FOUND": "tally roles list",
    "PASSWORD_CHANGE_REQUIRED": "tally passwd",
}
"""What the caller can do, by the reason of a refused call; other messages say it themselves."""
_MENDS_BY_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: "tally login",
    grpc.StatusCode.PERMISSION_DENIED: "ask an administrator for a role that permits it: "
    "`tally whoami` shows yours; if somebody else chose your password, `tally passwd` comes first",
    grpc.StatusCode.UNAVAILABLE: "repeat in a moment",
    grpc.StatusCode.DEADLINE_EXCEEDED: "repeat in a moment",
}

_REFUSED_BY_GATEWAY = {
    grpc.StatusCode.UNAUTHENTICATED: "what you showed does not hold",
    grpc.StatusCode.PERMISSION_DENIED: "you may not do this",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "too many calls: wait a minute",
}
"""The gateway gives no reasons, and its own words are about its filters."""


class CommandError(Exception):
    """A command cannot do what it was asked for.

    Attributes:
        mend: What the caller can do about it.
    """

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Print what went wrong and how to mend it, then exit with status 1, or 2 if the command was misspelt."""
    try:
        yield
    except typer.BadParameter as error:
        hint = f"{error.param_hint} " if error.param_hint else ""
        tell(f"{hint}{error.message}")
        raise typer.Exit(2) from None
    except StackError as error:
        tell(str(error), error.mend, error.log_tail)
    except CommandError as error:
        tell(str(error), error.mend)
    except DomainError as error:
        tell(str(error))
    except OSError as error:
        tell(error.strerror if error.strerror and not error.filename else str(error))
    except SourceError as error:
        tell(str(error))
    except grpc.aio.AioRpcError as error:
        _tell_refusal(error)
    else:
        return
    raise typer.Exit(1)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason that the server gave; empty if the call did not get as far."""
    info = error_details_pb2.ErrorInfo()
    return str(info.reason) if _unpack(error, info) else ""


def violations_of(error: grpc.aio.AioRpcError) -> list[tuple[str, str]]:
    """Field and description of everything that is wrong with a refused request."""
    violations = error_details_pb2.BadRequest()
    _unpack(error, violations)
    return [(each.field, each.description) for each in violations.field_violations]


def _tell_refusal(error: grpc.aio.AioRpcError) -> None:
    message = "; ".join(f"{field}: {text}" for field, text in violations_of(error))
    mend = _MENDS.get(reason_of(error)) or _MENDS_BY_STATUS.get(error.code(), "")
    if not reason_of(error):
        message = message or _REFUSED_BY_GATEWAY.get(error.code(), "")
    tell(message or error.details() or error.code().name, mend)


def _unpack(error: grpc.aio.AioRpcError, detail: Message) -> bool:
    """Fill `detail` with the error's detail of that type; whether there is one."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # the stubs know the sync call only
    return status is not None and any(each.Unpack(detail) for each in status.details)


def warn(message: str, mend: str) -> None:
    """Print what the reader should know about, though the command goes on."""
    errors.print(f"warning: {message}", style="yellow", markup=False)
    errors.print(f"mend:    {mend}", markup=False)


def tell(message: str, mend: str = "", log_tail: str = "") -> None:
    """Print an error on standard error."""
    if log_tail:
        errors.print(log_tail, style="dim", markup=False)
    errors.print(f"error: {message}", style="bold red", markup=False)
    if mend:
        errors.print(f"mend:  {mend}", markup=False)
