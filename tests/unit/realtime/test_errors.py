"""Every reason that this context gives stands in its contract."""

from tally.api.realtime.v1 import error_reason_pb2
from tally.kernel.errors import DomainError
from tally.realtime.domain import errors


def test_client_code_can_know_every_reason() -> None:
    reasons = {
        f"ERROR_REASON_{error.reason}"
        for error in vars(errors).values()
        if isinstance(error, type)
        and issubclass(error, DomainError)
        and error.__module__ == errors.__name__
    }
    names = set(error_reason_pb2.ErrorReason.keys())
    assert reasons == names - {"ERROR_REASON_UNSPECIFIED"}
