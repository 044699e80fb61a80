"""What failed calls say."""

from collections.abc import Awaitable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def status_of(error: grpc.aio.AioRpcError) -> Any:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # the stubs know the sync call only
    assert status is not None
    return status


def reason_of(error: grpc.aio.AioRpcError) -> str:
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status_of(error).details)
    return str(info.reason)


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    """Status code and reason of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), reason_of(caught.value)


async def violated(call: Awaitable[object]) -> dict[str, str]:
    """Field and description of everything that is wrong with a call's request."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    found = error_details_pb2.BadRequest()
    assert any(detail.Unpack(found) for detail in status_of(caught.value).details)
    return {violation.field: violation.description for violation in found.field_violations}
