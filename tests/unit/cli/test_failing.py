"""Refused calls as people read them."""

import grpc
import pytest
import typer
from grpc.aio import AioRpcError, Metadata

from tally.cli.failing import failing_clearly
from tally.kernel.errors import DomainError, FieldViolation, InvalidInput, PermissionDenied
from tally.kernel.grpc.errors import to_status


def told(error: AioRpcError, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is printed."""
    with pytest.raises(typer.Exit) as end, failing_clearly():
        raise error
    assert end.value.exit_code == 1
    return capsys.readouterr().err.splitlines()


def by_server(code: grpc.StatusCode, error: DomainError) -> AioRpcError:
    status = to_status(error, None).SerializeToString()
    return AioRpcError(
        code, Metadata(), Metadata(("grpc-status-details-bin", status)), str(error), ""
    )


def by_gateway(code: grpc.StatusCode) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), "RBAC: access denied", "")


def test_the_servers_words_come_with_the_mend_of_their_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = PermissionDenied("only who holds user:write may", reason="BEYOND_OWN_PERMISSIONS")
    assert told(by_server(grpc.StatusCode.PERMISSION_DENIED, error), capsys) == [
        "error: only who holds user:write may",
        "mend:  ask somebody who holds them; `tally whoami` shows yours",
    ]


def test_every_field_at_fault_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    error = InvalidInput([FieldViolation("email", "is none"), FieldViolation("name", "is empty")])
    assert told(by_server(grpc.StatusCode.INVALID_ARGUMENT, error), capsys) == [
        "error: email: is none; name: is empty"
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "error: you may not do this"),
        (grpc.StatusCode.UNAUTHENTICATED, "error: what you showed does not hold"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "error: too many calls: wait a minute"),
    ],
)
def test_the_gateways_words_about_its_filters_are_left_out(
    code: grpc.StatusCode, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(by_gateway(code), capsys)[0] == message
